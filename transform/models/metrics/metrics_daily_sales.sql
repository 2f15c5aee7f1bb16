with days as (
    select * from {{ ref('int_daily_sales') }}
),

expected as (
    select * from {{ ref('int_expected_revenue') }}
),

missing as (
    select * from {{ ref('int_missing_sales') }}
),

compared as (
    select
        days.*,
        missing.order_date is not null as has_missing_sales,
        missing.missing_amount,
        case
            when
                days.is_complete and missing.order_date is null
                and last_week.is_complete and last_missing.order_date is null
                then last_week.revenue_amount
        end as last_week_revenue_amount,
        expected.comparable_day_count,
        expected.usual_order_count,
        expected.expected_revenue,
        ({{ as_float('days.revenue_amount') }} - expected.expected_revenue)
        / nullif(expected.standard_deviation, 0) as revenue_deviation
    from days
    left join days as last_week on {{ add_days('days.order_date', -7) }} = last_week.order_date
    left join expected on days.order_date = expected.order_date
    left join missing on days.order_date = missing.order_date
    left join missing as last_missing on last_week.order_date = last_missing.order_date
)

select
    compared.order_date,
    compared.revenue_amount,
    compared.order_count,
    compared.buyer_count,
    compared.item_count,
    {{ as_amount('compared.revenue_amount / nullif(compared.order_count, 0)') }} as average_order_amount,
    compared.first_order_count,
    compared.order_count - compared.first_order_count as repeat_order_count,
    compared.is_complete,
    compared.last_week_revenue_amount,
    ({{ rate('compared.revenue_amount', 'compared.last_week_revenue_amount') }}) - 1 as revenue_change_rate,
    coalesce(compared.comparable_day_count, 0) as comparable_day_count,
    {{ as_amount('compared.expected_revenue') }} as expected_revenue_amount,
    compared.revenue_deviation,
    compared.has_missing_sales,
    compared.missing_amount as missing_revenue_amount,
    coalesce(
        abs(compared.revenue_deviation) > {{ var('anomaly_deviations') }}
        and compared.usual_order_count >= {{ var('anomaly_min_orders') }},
        false
    ) as is_revenue_anomaly,
    as_of.as_of_date
from compared
cross join {{ ref('int_as_of') }} as as_of
