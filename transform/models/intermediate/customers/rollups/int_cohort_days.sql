{{ config(
    meta={'replaces': 'later days', 'day': 'order_date'},
    on_schema_change='fail',
) }}

with orders as (
    select
        first_order_date,
        order_date,
        {{ add_days('order_date', '-days_since_previous_order') }} as previous_order_date
    from {{ ref('int_orders') }}
    where order_date >= {{ changed_from() }} and {{ is_customer('user_id') }}
),

-- Counts each customer at their first order of a period, so no distinct count is needed.
placed as (
    select
        first_order_date,
        order_date,
        previous_order_date is null
        or {{ period_start('month', 'previous_order_date') }} < {{ period_start('month', 'order_date') }}
            as is_first_of_month,
        previous_order_date is null
        or {{ period_start('week', 'previous_order_date') }} < {{ period_start('week', 'order_date') }}
            as is_first_of_week
    from orders
)

select
    first_order_date,
    order_date,
    {{ count_if('is_first_of_month') }} as month_customer_count,
    {{ count_if('is_first_of_week') }} as week_customer_count
from placed
group by first_order_date, order_date
