{% snapshot snap_user_status %}
{{ config(strategy='check', unique_key='user_id', check_cols=['activity_status']) }}

select *
from {{ ref('int_user_status') }} as buyers
{{ whose_version_ended() }}
{% endsnapshot %}
