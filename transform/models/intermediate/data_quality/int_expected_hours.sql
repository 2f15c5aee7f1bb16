{{ config(materialized='table') }}

{% set week = 7 * 24 %}

with counted as (
    select
        hour_number,
        sum(event_count) as event_count,
        sum(view_count) as view_count,
        sum(cart_add_count) as cart_add_count,
        sum(purchase_count) as purchase_count
    from {{ ref('int_event_hours') }}
    group by hour_number
),

-- Also the hours in which nothing was heard.
hours as (
    select number as hour_number
    from (select min(hour_number) as first_hour, max(hour_number) as last_hour from counted) as ends
    cross join {{ each_number('ends.first_hour', 'ends.last_hour') }}
),

subjects as (
    {% for subject, count in [
        ('event', 'event_count'), ('view', 'view_count'), ('cart', 'cart_add_count'), ('purchase', 'purchase_count'),
    ] -%}
    select
        '{{ subject }}' as subject,
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
        subjects.measured,
        subjects.event_count,
        {{ percentile('others.measured', 0.5, 'subjects.subject, subjects.hour_number') }} as expected,
        {{ percentile(
            rate('others.measured', 'others.event_count'), 0.5, 'subjects.subject, subjects.hour_number'
        ) }} as expected_share
    from subjects
    inner join subjects as others
        on
            subjects.subject = others.subject
            and subjects.hour_number != others.hour_number
            and mod(abs(subjects.hour_number - others.hour_number), {{ week }}) = 0
            and abs(subjects.hour_number - others.hour_number) <= {{ 24 * var('anomaly_history_days') }}
)

select
    subject,
    hour_number,
    max(measured) as measured,
    max(event_count) as event_count,
    max(expected) as expected,
    max(expected_share) as expected_share
from compared
group by subject, hour_number
having count(*) >= {{ var('anomaly_min_days') }}
