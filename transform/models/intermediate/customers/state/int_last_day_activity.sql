{{ config(materialized='table') }}

-- The part of a user's counts that one more day may still change: int_user_activity subtracts it and counts
-- again.
with data as (
    select cast(max(last_event_at) as date) as last_date
    from {{ ref('int_user_activity') }}
)

select
    sessions.user_id,
    data.last_date,
    count(*) as session_count,
    cast(sum(sessions.event_count) as int64) as event_count,
    {{ conversion_counts('sessions') }}
from {{ ref('int_sessions') }} as sessions
inner join data on cast(sessions.session_end_at as date) = data.last_date
{% if not is_rebuilt('users') %}
-- Reads only those days of the previous build that can be the last day.
where sessions.session_end_at >= timestamp '{{ var("session_window_from")[:10] }} 00:00:00'
{% endif %}
group by sessions.user_id, data.last_date
