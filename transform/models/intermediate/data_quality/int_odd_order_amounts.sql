{{ config(materialized='table') }}

{% set least_orders = 5 %}

with days as (
    select
        *,
        log_amount / (1000e0 * priced_order_count) as typical
    from {{ ref('int_order_days') }}
    where priced_order_count >= {{ least_orders }}
),

-- A day's typical order amount (the geometric mean, which one large order barely moves) and those of the
-- surrounding days.
compared as (
    select
        days.order_date,
        days.typical,
        days.priced_order_count,
        days.revenue_amount,
        others.typical as other_typical,
        others.log_amount,
        others.squared_log_amount,
        others.priced_order_count as other_count,
        {{ percentile('others.typical', 0.5, 'days.order_date') }} as usual
    from days
    cross join {{ each_number(-28, 28) }}
    inner join days as others on {{ add_days('days.order_date', 'number') }} = others.order_date
    where number != 0
),

spread as (
    select
        *,
        {{ percentile('abs(other_typical - usual)', 0.5, 'order_date') }} as median_deviation
    from compared
),

measured as (
    select
        order_date,
        max(typical) as typical,
        max(usual) as usual,
        max(revenue_amount) as revenue_amount,
        greatest(
            1.4826 * max(median_deviation),
            sqrt(
                greatest(
                    0,
                    sum(squared_log_amount) / (1e6 * sum(other_count))
                    - power(sum(log_amount) / (1e3 * sum(other_count)), 2)
                ) / max(priced_order_count)
            )
        ) as standard_deviation
    from spread
    group by order_date
    having count(*) >= {{ var('anomaly_min_days') }}
)

select
    order_date,
    exp(typical) as typical_amount,
    exp(usual) as usual_amount,
    revenue_amount
from measured
where
    abs(typical - usual) > {{ var('anomaly_deviations') }} * standard_deviation
    and abs(typical - usual) > ln({{ var('alert_price_factor') }})
