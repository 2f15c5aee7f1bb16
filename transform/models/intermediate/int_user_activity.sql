{{ config(
    materialized='incremental',
    meta={'replaces': 'users'},
    cluster_by=['user_id'],
) }}

with users as (
    select
        user_id,
        min(session_start_at) as first_event_at,
        max(session_end_at) as last_event_at,
        count(*) as session_count,
        cast(sum(event_count) as int64) as event_count
    from {{ ref('int_sessions') }}
    {{ of_touched_users() }}
    group by user_id
)

select
    {{ as_text('users.user_id') }} as user_id,
    users.first_event_at,
    users.last_event_at,
    users.session_count,
    users.event_count
from users
