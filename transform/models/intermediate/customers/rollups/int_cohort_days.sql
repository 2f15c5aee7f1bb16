{{ config(
    meta={'replaces': 'later days', 'day': 'order_date'},
    on_schema_change='fail',
) }}

with orders as (
    select
        case when {{ is_new_customer() }} then first_order_date end as first_order_date,
        order_date,
        {{ add_days('order_date', '-days_since_previous_order') }} as previous_order_date,
        item_count,
        order_amount
    from {{ ref('int_orders') }}
    where order_date >= {{ changed_from() }} and {{ is_customer('user_id') }}
),

-- Counts each customer at their first order of a period, so no distinct count is needed.
placed as (
    select
        first_order_date,
        order_date,
        item_count,
        {% for grain in ['month', 'week'] -%}
        previous_order_date is null
        or {{ period_start(grain, 'previous_order_date') }} < {{ period_start(grain, 'order_date') }}
            as is_first_of_{{ grain }},
        coalesce(
            {{ period_start(grain, 'previous_order_date') }}
            = {{ period_start(grain, add_days(period_start(grain, 'order_date'), -1)) }}, false
        ) as was_active_{{ grain }}_before,
        {% endfor -%}
        order_amount
    from orders
)

select
    first_order_date,
    order_date,
    {{ count_if('is_first_of_month') }} as month_customer_count,
    {{ count_if('is_first_of_week') }} as week_customer_count,
    {{ count_if('was_active_month_before') }} as month_returning_count,
    {{ count_if('was_active_week_before') }} as week_returning_count,
    count(*) as order_count,
    cast(sum(item_count) as int64) as item_count,
    cast(sum(order_amount) as numeric) as revenue_amount
from placed
group by first_order_date, order_date
