-- Months whose customers or revenue differ from those of all days up to the month end.
with first_orders as (
    select
        order_date,
        count(*) as customer_count
    from {{ ref('fct_orders') }}
    where order_number = 1 and {{ is_customer('user_id') }}
    group by order_date
),

days as (
    select
        months.month_end_date,
        sum(coalesce(first_orders.customer_count, 0)) as customer_count,
        sum(sales.customer_revenue_amount) as revenue_amount,
        sum(case when sales.order_date >= months.month_start then sales.customer_revenue_amount else 0 end)
            as month_revenue_amount
    from {{ ref('int_month_ends') }} as months
    inner join {{ ref('int_order_days') }} as sales on sales.order_date <= months.month_end_date
    left join first_orders on sales.order_date = first_orders.order_date
    group by months.month_end_date
),

moves as (
    select
        month_end_date,
        sum(customer_count) as customer_count,
        sum(revenue_amount) as revenue_amount,
        sum(month_revenue_amount) as month_revenue_amount
    from {{ ref('metrics_rfm_migration') }}
    group by month_end_date
)

select days.month_end_date
from days
left join moves on days.month_end_date = moves.month_end_date
where
    days.customer_count != coalesce(moves.customer_count, 0)
    or days.revenue_amount != coalesce(moves.revenue_amount, 0)
    or days.month_revenue_amount != coalesce(moves.month_revenue_amount, 0)
