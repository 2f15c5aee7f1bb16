with as_of as (
    select
        *,
        {{ cell_days('first_date', 'as_of_date') }} as cell_days
    from {{ ref('int_as_of') }}
),

buyers as (
    select
        as_of.as_of_date,
        cast(null as int64) as observed_days,
        as_of.cell_days,
        {{ days_between('as_of.first_date', 'as_of.as_of_date') }} + 1 as history_days,
        buyers.order_day_count,
        buyers.revenue_amount,
        {{ cell_columns('buyers', 'as_of.as_of_date', 'as_of.cell_days') }}
    from {{ ref('int_buyer_sums') }} as buyers
    cross join as_of
    union all
    select
        month_end_date,
        observed_days,
        cell_days,
        history_days,
        order_day_count,
        revenue_amount,
        recency_cell,
        age_cell
    from {{ ref('int_backtest_customers') }}
),

-- The mean value of an order, in tenths of a cent.
valued as (
    select
        as_of_date,
        observed_days,
        cell_days,
        history_days,
        order_day_count,
        revenue_amount,
        cast({{ whole_quotient('cast(revenue_amount * 1000 as int64)', 'order_day_count') }} as string)
            as mean_value
    from buyers
    where revenue_amount >= 1
)

select
    'orders' as kind,
    as_of_date,
    observed_days,
    cell_days,
    history_days,
    order_day_count,
    recency_cell,
    age_cell,
    cast(null as int64) as digit_count,
    cast(null as string) as leading_digits,
    count(*) as customer_count,
    cast(sum(revenue_amount) as numeric) as revenue_amount
from buyers
group by as_of_date, observed_days, cell_days, history_days, order_day_count, recency_cell, age_cell
union all
-- Values that share three leading digits differ by less than 1 %.
select
    'values' as kind,
    as_of_date,
    observed_days,
    cell_days,
    history_days,
    order_day_count,
    cast(null as int64) as recency_cell,
    cast(null as int64) as age_cell,
    length(mean_value) as digit_count,
    substr(mean_value, 1, 3) as leading_digits,
    count(*) as customer_count,
    cast(sum(revenue_amount) as numeric) as revenue_amount
from valued
group by
    as_of_date,
    observed_days,
    cell_days,
    history_days,
    order_day_count,
    length(mean_value),
    substr(mean_value, 1, 3)
