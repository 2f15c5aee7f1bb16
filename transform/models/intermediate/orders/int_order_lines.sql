{{ config(
    materialized='incremental',
    meta={'replaces': 'later days', 'day': 'order_date'},
    on_schema_change='fail',
    partition_by={'field': 'order_date', 'data_type': 'date'},
    cluster_by=['product_id'],
) }}

-- A row is never older than its order, so later orders only have later rows.
with purchases as (
    select *
    from {{ ref('int_purchases') }}
    where event_date >= {{ changed_from() }}
),

buying_sessions as (
    select *
    from {{ ref('int_buying_sessions') }}
    where session_end_at >= {{ day_start(add_days(changed_from(), -1)) }}
),

placed as (
    {{ placed_purchases('purchases', 'buying_sessions') }}
),

lines as (
    select
        {{ as_text('placed.user_id') }} as user_id,
        placed.order_id,
        {{ as_text('placed.product_id') }} as product_id,
        sum(placed.quantity) as item_count,
        sum(placed.revenue_amount) as revenue_amount
    from placed
    group by placed.user_id, placed.order_id, placed.product_id
),

orders as (
    select
        user_id,
        order_id,
        order_date,
        order_number,
        first_order_date,
        customer_since_date,
        case when order_number > 1 then {{ month_end_before('order_date') }} end as known_date
    from {{ ref('int_orders') }}
    where order_date >= {{ changed_from() }}
)

-- A buyer's only row of a day needs no distinct count in any grouping; most rows are of this kind.
select
    orders.order_date,
    lines.user_id,
    lines.order_id,
    lines.product_id,
    orders.order_number = 1 and {{ is_customer('orders.user_id') }} and {{ is_new_customer('orders.') }}
        as is_first_order,
    coalesce(segments.rfm_segment, 'New') as rfm_segment,
    count(*) over (partition by lines.user_id, orders.order_date) = 1 as is_only_line,
    cast(lines.item_count as int64) as item_count,
    cast(lines.revenue_amount as numeric) as revenue_amount
from lines
inner join orders on lines.user_id = orders.user_id and lines.order_id = orders.order_id
left join {{ ref('int_user_rfm_monthly') }} as segments
    on orders.user_id = segments.user_id and orders.known_date = segments.month_end_date
