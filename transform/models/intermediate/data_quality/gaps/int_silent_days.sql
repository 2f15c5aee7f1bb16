{{ config(materialized='table') }}

{% set history = var('anomaly_history_days') %}
{% set around = 'order by day_number range between ' ~ history ~ ' preceding and ' ~ history ~ ' following' %}
{% set weekdays = 'partition by mod(day_number, 7) ' ~ around %}

with days as (
    select
        calendar.event_date,
        calendar.has_events,
        {{ days_between("date '1970-01-01'", 'calendar.event_date') }} as day_number,
        coalesce(sums.event_count, 0) as event_count,
        {{ run_of_days('calendar.event_date', per='calendar.has_events') }} as run
    from {{ ref('int_calendar') }} as calendar
    left join {{ ref('int_day_sums') }} as sums on calendar.event_date = sums.event_date
),

-- A week without events is an outage, so it does not count as usual.
counted as (
    select
        *,
        case when has_events or count(*) over (partition by has_events, run) < 7 then 1 end as is_example
    from days
),

-- Averages of the other days around each day: the same weekday, or all days if there is none.
usual as (
    select
        event_date,
        has_events,
        run,
        is_example,
        coalesce(
            sum(is_example * event_count) over ({{ weekdays }})
            / nullif({{ as_float('sum(is_example) over (' ~ weekdays ~ ')') }} - coalesce(is_example, 0), 0),
            sum(is_example * event_count) over ({{ around }})
            / nullif({{ as_float('sum(is_example) over (' ~ around ~ ')') }} - coalesce(is_example, 0), 0)
        ) as expected
    from counted
),

silent as (
    select * from usual
    where not has_events
),

-- Two Sundays without events are enough to conclude that the shop is closed on Sundays.
closed as (
    select
        silent.event_date,
        silent.run,
        coalesce(silent.is_example + coalesce(before.is_example, later.is_example) = 2, false) as is_closed,
        silent.expected
    from silent
    left join silent as before on {{ add_days('silent.event_date', -7) }} = before.event_date
    left join silent as later on {{ add_days('silent.event_date', 7) }} = later.event_date
),

runs as (
    select
        event_date,
        run,
        is_closed,
        case when is_closed then 0 else expected end as expected,
        sum(case when is_closed then 0 else expected end) over (partition by run) as expected_of_run
    from closed
)

select
    runs.event_date,
    runs.run,
    runs.is_closed,
    runs.expected,
    not runs.is_closed
    and runs.expected_of_run >= {{ var('alert_min_sessions') }} * sizes.events_per_session as is_reported
from runs
inner join {{ ref('int_session_sizes') }} as sizes on sizes.subject = 'event'
