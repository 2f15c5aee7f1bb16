{{ config(materialized='table') }}

{% set weeks = var('anomaly_history_days') // 7 %}
{% set four_days = 'partition by subject order by day_number range between 3 preceding and current row' %}

-- Counts sessions, not events: a bot with thousands of views is one session, and bot sessions do not count.
with days as (
    {% for subject in ['view', 'cart', 'purchase'] -%}
    select
        '{{ subject }}' as subject,
        rates.session_start_date as event_date,
        10 * {{ days_between("date '1970-01-01'", 'rates.session_start_date') }} + {{ loop.index }}
            as join_key,
        rates.sessions_with_{{ subject }} as measured,
        rates.session_count as of_count,
        {{ rate('rates.sessions_with_' ~ subject, 'rates.session_count') }} as share
    from {{ ref('int_session_days') }} as rates
    inner join {{ ref('int_event_days') }} as seen on rates.session_start_date = seen.event_date
    where rates.session_count > 0 and seen.is_complete
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

{{ usual_shares('days', most=weeks, step=7) }},

usual as (
    select
        subject,
        event_date,
        {{ days_between("date '1970-01-01'", 'event_date') }} as day_number,
        max(measured) as measured,
        max(usual_share) * max(of_count) as expected,
        {{ spread_factor('count(*)') }} * max(median_deviation) * max(of_count) as deviation,
        max(usual_share) * (1 - max(usual_share)) * max(of_count) as chance,
        count(*) as day_count
    from spread
    group by subject, event_date
    having count(*) >= {{ var('anomaly_min_days') }}
),

varied as (
    select
        *,
        greatest(deviation * deviation, chance) * (1 + 1.57 / day_count) as variance
    from usual
)

select
    *,
    sum(measured) over ({{ four_days }}) as measured_of_four,
    sum(expected) over ({{ four_days }}) as expected_of_four,
    sum(variance) over ({{ four_days }}) as variance_of_four
from varied
