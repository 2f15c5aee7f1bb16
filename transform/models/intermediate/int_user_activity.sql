{{ config(
    materialized='incremental',
    meta={'replaces': 'users'},
    cluster_by=['user_id'],
) }}

{% if is_incremental() and not is_made_anew('users') -%}
-- Lines that were added can only move a user's first event back and the last one on: when all the other
-- sessions were, is not read again.
with changed as (
    select
        sessions.user_id,
        min(sessions.session_start_at) as first_event_at,
        max(sessions.session_end_at) as last_event_at
    from {{ ref('int_sessions') }} as sessions
    where {{ reaches_built_days('sessions') }}
    group by sessions.user_id
),

counts as (
    select
        sessions.user_id,
        count(*) as session_count,
        cast(sum(sessions.event_count) as int64) as event_count
    from {{ ref('int_sessions') }} as sessions
    inner join changed on sessions.user_id = changed.user_id
    group by sessions.user_id
)

select
    changed.user_id,
    least(changed.first_event_at, coalesce(before.first_event_at, changed.first_event_at)) as first_event_at,
    greatest(changed.last_event_at, coalesce(before.last_event_at, changed.last_event_at)) as last_event_at,
    counts.session_count,
    counts.event_count
from changed
inner join counts on changed.user_id = counts.user_id
left join {{ this }} as before on changed.user_id = before.user_id
{%- else -%}
select
    user_id,
    min(session_start_at) as first_event_at,
    max(session_end_at) as last_event_at,
    count(*) as session_count,
    cast(sum(event_count) as int64) as event_count
from {{ ref('int_sessions') }}
group by user_id
{%- endif %}
