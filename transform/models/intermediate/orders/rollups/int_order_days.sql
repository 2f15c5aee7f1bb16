{{ config(
    meta={'replaces': 'later days', 'day': 'order_date'},
    on_schema_change='fail',
) }}

-- Squares give the variation of a day's revenue by chance, logarithms the typical order amount. Logarithms
-- are integer thousandths, so their sum does not depend on the order of rows.
with orders as (
    select
        *,
        least(order_amount, 1000000) as bounded_amount,
        case when order_amount > 0 then cast(round(1000 * ln({{ as_float('order_amount') }})) as int64) end
            as log_amount
    from {{ ref('int_orders') }}
    where order_date >= {{ changed_from() }}
)

select
    order_date,
    cast(sum(order_amount) as numeric) as revenue_amount,
    count(*) as order_count,
    count(distinct case when {{ is_customer('user_id') }} then user_id end) as buyer_count,
    cast(sum(item_count) as int64) as item_count,
    {{ count_if('order_number = 1 and ' ~ is_customer('user_id') ~ ' and ' ~ is_new_customer()) }}
        as first_order_count,
    cast(sum(case when {{ is_customer('user_id') }} then order_amount else 0 end) as numeric)
        as customer_revenue_amount,
    cast(round(sum(bounded_amount * bounded_amount)) as int64) as squared_amount,
    count(log_amount) as priced_order_count,
    cast(coalesce(sum(log_amount), 0) as int64) as log_amount,
    cast(coalesce(sum(log_amount * log_amount), 0) as int64) as squared_log_amount
from orders
group by order_date
