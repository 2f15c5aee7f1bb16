{% set days_before = var('anomaly_history_days') %}

-- The median revenue of the same weekday in the weeks before, which one unusual day cannot move. Days with
-- doubtful sales and the day itself do not count.
with complete_days as (
    select
        order_date,
        {{ as_float('revenue_amount') }} as revenue_amount,
        order_count,
        squared_amount
    from {{ ref('int_daily_sales') }}
    where is_complete
),

examples as (
    select days.*
    from complete_days as days
    left join {{ ref('int_missing_sales') }} as missing on days.order_date = missing.order_date
    left join {{ ref('int_odd_order_amounts') }} as odd on days.order_date = odd.order_date
    where missing.order_date is null and odd.order_date is null
),

compared as (
    select
        days.order_date,
        mod(number, 7) as days_apart,
        earlier.revenue_amount,
        earlier.order_count,
        earlier.squared_amount,
        {{ percentile('earlier.revenue_amount', 0.5, 'days.order_date, mod(number, 7)') }} as median_amount
    from complete_days as days
    cross join {{ each_number(1, days_before) }}
    inner join examples as earlier on {{ add_days('days.order_date', '-number') }} = earlier.order_date
),

-- Relative distance of all days from their weekday's median: eight days alone are too few to estimate it.
spread as (
    select
        *,
        {{ percentile('abs(revenue_amount / nullif(median_amount, 0) - 1)', 0.5, 'order_date') }}
            as median_deviation
    from compared
),

expected as (
    select
        order_date,
        count(case when days_apart = 0 then 1 end) as comparable_day_count,
        max(case when days_apart = 0 then median_amount end) as expected_revenue,
        coalesce(max(median_deviation), 0) as median_deviation,
        avg(squared_amount) as squared_amount,
        avg(order_count) as order_count
    from spread
    group by order_date
)

-- At least the variation by chance of so many orders of such amounts. The expected value is an estimate too.
select
    order_date,
    comparable_day_count,
    order_count as usual_order_count,
    expected_revenue,
    greatest(
        {{ spread_factor('comparable_day_count') }} * median_deviation * expected_revenue,
        {{ var('anomaly_min_deviation') }} * expected_revenue,
        sqrt(squared_amount)
    ) * sqrt(1 + 1.57 / comparable_day_count) as standard_deviation
from expected
where comparable_day_count >= {{ var('anomaly_min_days') }}
