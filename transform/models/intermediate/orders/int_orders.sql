{{ config(
    materialized='incremental',
    meta={'replaces': 'users'},
    on_schema_change='fail',
    partition_by={'field': 'order_date', 'data_type': 'date', 'granularity': 'month'},
    cluster_by=['user_id'],
) }}

with sold as (
    select purchases.*
    from {{ ref('int_purchases') }} as purchases
    {{ of_touched_buyers('purchases') }}
),

buying_sessions as (
    select sessions.*
    from {{ ref('int_buying_sessions') }} as sessions
    {{ of_touched_buyers('sessions') }}
),

purchases as (
    {{ placed_purchases('sold', 'buying_sessions') }}
),

orders as (
    select
        user_id,
        order_id,
        min(event_at) as ordered_at,
        count(*) as line_count,
        count(distinct product_id) as product_count,
        sum(quantity) as item_count,
        sum(revenue_amount) as order_amount
    from purchases
    group by user_id, order_id
),

-- the session in which an order began; if two begin at the same time, the smaller id
opening_sessions as (
    select
        purchases.user_id,
        purchases.order_id,
        min(purchases.session_id) as session_id
    from purchases
    inner join orders
        on
            purchases.user_id = orders.user_id
            and purchases.order_id = orders.order_id
            and purchases.event_at = orders.ordered_at
    group by purchases.user_id, purchases.order_id
),

dated as (
    select
        orders.*,
        opening_sessions.session_id,
        {{ shop_date('orders.ordered_at') }} as order_date
    from orders
    inner join opening_sessions
        on orders.user_id = opening_sessions.user_id and orders.order_id = opening_sessions.order_id
),

numbered as (
    select
        *,
        row_number() over (partition by user_id order by ordered_at, order_id) as order_number,
        lag(order_date) over (partition by user_id order by ordered_at, order_id) as previous_order_date,
        min(order_date) over (partition by user_id) as first_order_date
    from dated
)

-- A customer of the file that customers_since names may have ordered before the first order in the data.
select
    numbered.order_id,
    {{ as_text('numbered.user_id') }} as user_id,
    numbered.session_id,
    numbered.ordered_at,
    numbered.order_date,
    numbered.line_count,
    numbered.product_count,
    cast(numbered.item_count as int64) as item_count,
    cast(numbered.order_amount as numeric) as order_amount,
    numbered.order_number,
    {{ days_between('numbered.previous_order_date', 'numbered.order_date') }} as days_since_previous_order,
    numbered.first_order_date,
    least(numbered.first_order_date, coalesce(known.first_order_date, numbered.first_order_date))
        as customer_since_date
from numbered
left join {{ source('raw', 'known_customers') }} as known on {{ as_text('numbered.user_id') }} = known.user_id
