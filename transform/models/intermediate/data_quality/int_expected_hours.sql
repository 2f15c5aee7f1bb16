{{ config(materialized='table') }}

{% set weeks = var('anomaly_history_days') // 7 %}
{% set subjects = [
    ('event', 'event_count'), ('view', 'view_count'), ('cart', 'cart_add_count'), ('purchase', 'purchase_count'),
] %}

with counted as (
    select
        *,
        {{ hour_number('event_date', 'hour_of_day') }} as hour_number
    from {{ ref('int_event_hours') }}
),

ends as (
    select
        min(hour_number) as first_hour,
        max(hour_number) as last_hour
    from counted
),

-- Also the hours in which nothing was heard, by the shop's clock: one that it skips counts nothing.
hours as (
    select
        calendar.event_date,
        {{ hour_number('calendar.event_date', 'number') }} as hour_number
    from {{ ref('int_calendar') }} as calendar
    cross join {{ each_number(0, 23) }}
    cross join ends
    where {{ hour_number('calendar.event_date', 'number') }} between ends.first_hour and ends.last_hour
),

subjects as (
    {% for subject, count in subjects -%}
    select
        '{{ subject }}' as subject,
        hours.event_date,
        hours.hour_number,
        cast(coalesce(counted.{{ count }}, 0) as int64) as measured,
        cast(coalesce(counted.event_count, 0) as int64) as event_count
    from hours
    left join counted on hours.hour_number = counted.hour_number
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- The same hour of the same weekday, weeks before and after; never the hour itself.
compared as (
    select
        subjects.subject,
        subjects.hour_number,
        subjects.event_date,
        subjects.measured,
        subjects.event_count,
        count(*) as hour_count,
        sum(others.measured) as usual,
        max(others.measured) as highest,
        sum(others.event_count - others.measured) as usual_others
    from subjects
    cross join {{ each_number(-weeks, weeks) }}
    inner join subjects as others
        on
            subjects.subject = others.subject
            and subjects.hour_number + 168 * number = others.hour_number
    where number != 0
    group by
        subjects.subject, subjects.hour_number, subjects.event_date, subjects.measured, subjects.event_count
)

-- The mean, as in a small shop most hours have nothing; without the highest where that stands out.
select
    subject,
    event_date,
    hour_number,
    measured,
    event_count,
    case
        when hour_count > 1 and highest > 3e0 * (usual - highest) / (hour_count - 1) + 5
            then {{ as_float('usual - highest') }} / (hour_count - 1)
        else {{ as_float('usual') }} / hour_count
    end as expected,
    {{ rate('usual', 'usual_others') }} as expected_ratio
from compared
where hour_count >= {{ var('anomaly_min_days') }}
