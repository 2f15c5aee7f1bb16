-- What the same weekday earned in the weeks before: median and spread, which one strange day cannot move.
-- The day itself is left out: it must not excuse its own value.
with complete_days as (
    select order_date, revenue_amount
    from {{ ref('int_daily_sales') }}
    where is_complete
),

comparable_days as (
    select
        days.order_date,
        {{ as_float('earlier.revenue_amount') }} as revenue_amount
    from complete_days as days
    inner join complete_days as earlier
        on
            days.order_date > earlier.order_date
            and earlier.order_date >= {{ add_days('days.order_date', -var('anomaly_history_days')) }}
            and mod({{ days_between('earlier.order_date', 'days.order_date') }}, 7) = 0
),

centred as (
    select
        order_date,
        revenue_amount,
        {{ percentile('revenue_amount', 0.5, 'order_date') }} as median_amount
    from comparable_days
),

spread as (
    select
        order_date,
        median_amount,
        {{ percentile('abs(revenue_amount - median_amount)', 0.5, 'order_date') }} as median_deviation
    from centred
)

-- 1.4826 turns the median deviation of normal values into their standard deviation.
select
    order_date,
    count(*) as comparable_day_count,
    max(median_amount) as expected_revenue,
    greatest(1.4826 * max(median_deviation), {{ var('anomaly_least_deviation') }} * max(median_amount))
        as standard_deviation
from spread
group by order_date
having count(*) >= {{ var('anomaly_min_days') }}
