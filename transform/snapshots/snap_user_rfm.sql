{% snapshot snap_user_rfm %}
{{ config(
    strategy='check',
    unique_key='user_id',
    check_cols=['recency_score', 'frequency_score', 'monetary_score', 'rfm_segment'],
) }}

select *
from {{ ref('dim_user_rfm') }} as buyers
{{ whose_version_ended() }}
{% endsnapshot %}
