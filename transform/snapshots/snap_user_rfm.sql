{% snapshot snap_user_rfm %}
{{ config(
    strategy='check',
    unique_key='user_id',
    check_cols=['recency_score', 'frequency_score', 'monetary_score', 'rfm_segment'],
) }}

select
    user_id,
    recency_days,
    frequency,
    monetary_amount,
    recency_score,
    frequency_score,
    monetary_score,
    rfm_score,
    rfm_segment,
    as_of_date
from {{ ref('dim_user_rfm') }} as buyers
{{ whose_version_ended() }}
{% endsnapshot %}
