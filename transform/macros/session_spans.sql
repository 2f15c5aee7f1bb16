{# One row per session that has lines in the built days: (user_id, user_session, first_at, last_at) of its
   lines there, and session_start_at, which lies earlier where the session was open as the days began.
   Most keys live for less than the timeout: one aggregate does for them, and windows only for the rest. #}
{% macro session_spans(lines) %}
    {% set key = 'user_id, user_session' %}
    with keys as (
        select {{ key }}, min(event_at) as first_at, max(event_at) as last_at
        from {{ lines }}
        group by {{ key }}
    ),

    -- where a session stood as the built days began
    open_sessions as (
        {% if is_incremental() %}
        select {{ key }}, max(event_at) as last_at, max(session_start_at) as session_start_at
        from {{ this }}
        where
            event_date = {{ add_days(built_from(), -1) }}
            and event_at >= timestamp '{{ var("reach_from") }}'
        group by {{ key }}
        {% else %}
        select {{ key }}, last_at, first_at as session_start_at
        from keys
        where false
        {% endif %}
    ),

    begun as (
        select
            keys.user_id,
            keys.user_session,
            keys.first_at,
            keys.last_at,
            open_sessions.session_start_at,
            open_sessions.last_at as open_until,
            {{ epoch_micros('keys.last_at') }} - {{ epoch_micros('coalesce(open_sessions.last_at, keys.first_at)') }}
                > {{ session_timeout_micros() }} as is_long
        from keys
        left join open_sessions
            on keys.user_id = open_sessions.user_id and keys.user_session = open_sessions.user_session
    ),

    moments as (
        select lines.user_id, lines.user_session, lines.event_at, cast(null as timestamp) as session_start_at
        from {{ lines }} as lines
        inner join begun
            on lines.user_id = begun.user_id and lines.user_session = begun.user_session
        where begun.is_long
        group by lines.user_id, lines.user_session, lines.event_at
        union all
        select {{ key }}, open_until, session_start_at
        from begun
        where is_long and open_until is not null
    ),

    gaps as (
        select
            *,
            {{ epoch_micros('event_at') }} - {{ epoch_micros('lag(event_at) over (partition by ' ~ key ~ ' order by event_at)') }}
                > {{ session_timeout_micros() }} as is_after_gap
        from moments
    ),

    numbered as (
        select
            *,
            sum(case when is_after_gap then 1 else 0 end) over (
                partition by {{ key }} order by event_at rows between unbounded preceding and current row
            ) as session_number
        from gaps
    )

    select {{ key }}, first_at, last_at, coalesce(session_start_at, first_at) as session_start_at
    from begun
    where not is_long
    union all
    select
        {{ key }},
        min(event_at) as first_at,
        max(event_at) as last_at,
        coalesce(min(session_start_at), min(event_at)) as session_start_at
    from numbered
    group by {{ key }}, session_number
{% endmacro %}
