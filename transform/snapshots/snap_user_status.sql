{% snapshot snap_user_status %}
{{ config(strategy='check', unique_key='user_id', check_cols=['activity_status']) }}

select
    user_id,
    activity_status,
    activity_status = 'churned' as is_churned,
    as_of_date
from {{ ref('dim_user_rfm') }} as buyers
{{ whose_version_ended() }}
{% endsnapshot %}
