{# The sessions that reach into the built days, from all of their events. #}
{% macro built_sessions() %}
    {% set key = 'events.user_id, events.user_session' %}
    {% set is_long -%}
        {{ epoch_micros('keys.session_end_at') }} - {{ epoch_micros('keys.session_start_at') }}
        > {{ session_timeout_micros() }}
    {%- endset %}

    -- Most of a tracker's sessions live for less than the timeout: one aggregate does for them.
    with keys as (
        select user_id, user_session, {{ session_sums() }}
        from ({{ session_events() }}) as events
        group by user_id, user_session
    ),

    -- Windows only for the rest.
    moments as (
        select
            events.*,
            coalesce(
                {{ epoch_micros('event_at') }}
                - {{ epoch_micros('lag(event_at) over (partition by ' ~ key ~ ' order by event_at)') }}
                > {{ session_timeout_micros() }},
                true
            ) as is_start
        from ({{ session_events() }}) as events
        inner join keys on events.user_id = keys.user_id and events.user_session = keys.user_session
        where {{ is_long }}
    ),

    placed as (
        select
            *,
            max(case when is_start then event_at end) over (
                partition by user_id, user_session order by event_at
                range between unbounded preceding and current row
            ) as start_at
        from moments
    ),

    sessions as (
        select *
        from keys
        where not ({{ is_long }})
        union all
        select
            user_id,
            user_session,
            {{ session_sums() }}
        from placed
        group by user_id, user_session, start_at
    )

    select *, {{ shop_date('session_start_at') }} as session_start_date
    from sessions
{% endmacro %}
