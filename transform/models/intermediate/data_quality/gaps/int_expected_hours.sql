{{ config(materialized='table') }}

{% set reach = 168 * (var('anomaly_history_days') // 7) %}
{% set weekday = 'partition by subject, mod(hour_number + 168000000, 168) order by hour_number' %}
{% set before = 'range between ' ~ reach ~ ' preceding and 1 preceding' %}
{% set after = 'range between 1 following and ' ~ reach ~ ' following' %}
{% set around = 'range between ' ~ reach ~ ' preceding and ' ~ reach ~ ' following' %}
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

-- Includes hours without events, in the shop's time zone. An hour that the clock skips counts 0.
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

-- The same hour of the same weekday in the weeks before and after, never the hour itself.
compared as (
    select
        subject,
        event_date,
        hour_number,
        measured,
        event_count,
        count(*) over ({{ weekday }} {{ around }}) - 1 as hour_count,
        sum(measured) over ({{ weekday }} {{ around }}) - measured as usual,
        sum(event_count) over ({{ weekday }} {{ around }}) - event_count as usual_events,
        greatest(
            coalesce(max(measured) over ({{ weekday }} {{ before }}), 0),
            coalesce(max(measured) over ({{ weekday }} {{ after }}), 0)
        ) as highest
    from subjects
)

-- Uses the average, because most hours of a small shop are empty. Leaves out the highest value if it is an
-- outlier.
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
    {{ rate('usual', '(usual_events - usual)') }} as expected_ratio
from compared
where hour_count >= {{ var('anomaly_min_days') }}
