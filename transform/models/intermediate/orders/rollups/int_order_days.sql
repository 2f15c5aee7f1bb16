{{ config(
    meta={'replaces': 'later days', 'day': 'order_date'},
    on_schema_change='fail',
) }}

select
    order_date,
    cast(sum(order_amount) as numeric) as revenue_amount,
    count(*) as order_count,
    count(distinct case when {{ is_customer('user_id') }} then user_id end) as buyer_count,
    cast(sum(item_count) as int64) as item_count,
    {{ count_if('order_number = 1 and ' ~ is_customer('user_id')) }} as first_order_count,
    cast(sum(case when {{ is_customer('user_id') }} then order_amount else 0 end) as numeric)
        as customer_revenue_amount
from {{ ref('int_orders') }}
where order_date >= {{ changed_from() }}
group by order_date
