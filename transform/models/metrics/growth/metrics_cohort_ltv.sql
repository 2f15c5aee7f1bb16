{% set breakdowns = [('all', "'all'"), ('category', 'category'), ('brand', 'brand')] -%}

-- The first product of a customer is the one with most revenue in the first order.
with first_lines as (
    select
        user_id,
        product_id,
        row_number() over (partition by user_id order by revenue_amount desc, product_id asc) as place
    from {{ ref('int_order_lines') }}
    where is_first_order
),

customers as (
    select
        first_lines.user_id,
        products.category,
        products.brand
    from first_lines
    inner join {{ ref('int_dashboard_groups') }} as products on first_lines.product_id = products.product_id
    where first_lines.place = 1
),

months as (
    select
        {{ period_start('month', 'orders.first_order_date') }} as cohort_start,
        {{ period_start('month', 'orders.order_date') }} as month_start,
        customers.category,
        customers.brand,
        {{ count_if('orders.order_number = 1') }} as customer_count,
        sum(orders.order_amount) as revenue_amount
    from {{ ref('int_orders') }} as orders
    inner join customers on orders.user_id = customers.user_id
    group by cohort_start, month_start, customers.category, customers.brand
),

sums as (
    {% for breakdown, item in breakdowns -%}
    select
        '{{ breakdown }}' as breakdown,
        {{ item }} as item,
        cohort_start,
        month_start,
        sum(customer_count) as customer_count,
        sum(revenue_amount) as revenue_amount
    from months
    group by {{ item ~ ', ' if breakdown != 'all' }}cohort_start, month_start
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

cohorts as (
    select
        breakdown,
        item,
        cohort_start,
        sum(customer_count) as customer_count
    from sums
    group by breakdown, item, cohort_start
),

-- A month without orders has a row too.
calendar as (
    select distinct
        {{ period_start('month', add_days('as_of.first_date', 'number')) }} as month_start,
        {{ period_start('month', add_days('as_of.as_of_date', 1)) }} as unfinished_start,
        as_of.censored_until,
        as_of.as_of_date
    from {{ ref('int_as_of') }} as as_of
    cross join {{ each_number(0, days_between('as_of.first_date', 'as_of.as_of_date')) }}
),

cells as (
    select
        cohorts.breakdown,
        cohorts.item,
        cohorts.cohort_start,
        cohorts.customer_count,
        calendar.month_start,
        calendar.month_start < calendar.unfinished_start as is_complete,
        coalesce(cohorts.cohort_start < calendar.censored_until, false) as is_left_censored,
        calendar.as_of_date,
        row_number() over (
            partition by cohorts.breakdown, cohorts.item, cohorts.cohort_start order by calendar.month_start
        ) - 1 as month_index,
        sum(coalesce(sums.revenue_amount, 0)) over (
            partition by cohorts.breakdown, cohorts.item, cohorts.cohort_start order by calendar.month_start
            rows between unbounded preceding and current row
        ) as revenue_amount
    from cohorts
    inner join calendar on cohorts.cohort_start <= calendar.month_start
    left join sums
        on
            cohorts.breakdown = sums.breakdown
            and cohorts.item = sums.item
            and cohorts.cohort_start = sums.cohort_start
            and calendar.month_start = sums.month_start
)

select
    breakdown,
    item,
    cohort_start,
    month_index,
    month_start,
    cast(customer_count as int64) as customer_count,
    cast(case when is_complete then revenue_amount end as numeric) as revenue_amount,
    {{ as_amount('case when is_complete then revenue_amount end / customer_count') }}
        as revenue_per_customer_amount,
    is_complete,
    is_left_censored,
    as_of_date
from cells
