{{ config(materialized='table') }}

{% set history = var('anomaly_history_days') %}

with days as (
    {% for subject, name in [('view', 'view'), ('cart', 'cart_add'), ('purchase', 'purchase')] -%}
    select
        '{{ subject }}' as subject,
        event_date,
        10 * {{ days_between("date '1970-01-01'", 'event_date') }} + {{ loop.index }} as join_key,
        sum({{ name }}_repeat_count) as measured,
        sum({{ name }}_count + {{ name }}_repeat_count) as of_count,
        {{ rate('sum(' ~ name ~ '_repeat_count)', 'sum(' ~ name ~ '_count + ' ~ name ~ '_repeat_count)') }}
            as share
    from {{ ref('int_event_hours') }}
    group by event_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- Compares with all surrounding days: the duplicates of a tracker do not depend on the weekday.
{{ usual_shares('days', most=history) }},

-- Converted to counts, with a minimum deviation by chance.
usual as (
    select
        subject,
        event_date,
        max(measured) as measured,
        max(of_count) as of_count,
        max(usual_share) * max(of_count) as expected,
        greatest(
            {{ spread_factor('count(*)') }} * max(median_deviation) * max(of_count),
            {{ var('anomaly_min_deviation') }} * max(usual_share) * max(of_count),
            sqrt(max(usual_share) * max(of_count)),
            1
        ) as standard_deviation
    from spread
    group by subject, event_date
    having count(*) >= {{ var('anomaly_min_days') }}
)

select
    *,
    measured > {{ var('alert_duplicate_factor') }} * expected
    and measured - expected > {{ var('anomaly_deviations') }} * standard_deviation as is_burst
from usual
