{{ config(
    materialized='incremental',
    meta={'replaces': 'users'},
    cluster_by=['user_id'],
) }}

{% set first_day = var('session_window_from')[:10] %}

{% set totals = [] %}
{% for count in conversion_count_names() %}
{% set name = 'sessions_with_' ~ count %}
{% set added = 'recent.' ~ name ~ ' + coalesce(before.' ~ name ~ ', 0)' %}
{% do totals.append('coalesce(counts.' ~ name ~ ', ' ~ added ~ ') as ' ~ name) %}
{% endfor %}

{% if is_incremental() and not is_rebuilt('users') -%}
-- Added rows only change sessions that end on first_day (UTC) or later. For users without later sessions, the
-- counts of earlier sessions stay valid and are not read again.
with touched as (
    select distinct sessions.user_id
    from {{ ref('int_sessions') }} as sessions
    where {{ reaches_batch_days('sessions') }}
),

recent as (
    select
        sessions.user_id,
        min(sessions.session_start_at) as first_event_at,
        max(sessions.session_end_at) as last_event_at,
        count(*) as session_count,
        sum(sessions.event_count) as event_count,
        {{ conversion_counts('sessions') }}
    from {{ ref('int_sessions') }} as sessions
    inner join touched on sessions.user_id = touched.user_id
    where sessions.session_end_at >= timestamp '{{ first_day }} 00:00:00'
    group by sessions.user_id
),

before as (
    select
        users.user_id,
        users.first_event_at,
        users.session_count - coalesce(last_days.session_count, 0) as session_count,
        users.event_count - coalesce(last_days.event_count, 0) as event_count,
        {% for name in conversion_count_names() -%}
        users.sessions_with_{{ name }} - coalesce(last_days.sessions_with_{{ name }}, 0)
            as sessions_with_{{ name }},
        {% endfor -%}
        cast(users.last_event_at as date) < date '{{ first_day }}'
        or last_days.user_id is not null as is_known
    from {{ this }} as users
    inner join touched on users.user_id = touched.user_id
    left join {{ source('built', 'int_last_day_activity') }} as last_days
        on users.user_id = last_days.user_id and last_days.last_date = date '{{ first_day }}'
),

-- Users with later sessions, for example after a late file of an old day: all of their sessions.
counts as (
    select
        sessions.user_id,
        count(*) as session_count,
        sum(sessions.event_count) as event_count,
        {{ conversion_counts('sessions') }}
    from {{ ref('int_sessions') }} as sessions
    inner join before on sessions.user_id = before.user_id
    where not before.is_known
    group by sessions.user_id
)

select
    recent.user_id,
    least(recent.first_event_at, coalesce(before.first_event_at, recent.first_event_at)) as first_event_at,
    recent.last_event_at,
    coalesce(counts.session_count, recent.session_count + coalesce(before.session_count, 0)) as session_count,
    cast(
        coalesce(counts.event_count, recent.event_count + coalesce(before.event_count, 0)) as int64
    ) as event_count,
    {{ totals | join(', ') }}
from recent
left join before on recent.user_id = before.user_id
left join counts on recent.user_id = counts.user_id
{%- else -%}
select
    user_id,
    min(session_start_at) as first_event_at,
    max(session_end_at) as last_event_at,
    count(*) as session_count,
    cast(sum(event_count) as int64) as event_count,
    {{ conversion_counts() }}
from {{ ref('int_sessions') }}
group by user_id
{%- endif %}
