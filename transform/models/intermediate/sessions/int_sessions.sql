{{ config(
    materialized='incremental',
    meta={'replaces': 'sessions'},
    tags='daily',
    on_schema_change='fail',
    partition_by={'field': 'session_start_date', 'data_type': 'date'},
    cluster_by=['user_id'],
    pre_hook="{{ empty_buying_sessions() }}",
) }}

{% set sums = [
    'session_start_at', 'session_end_at', 'event_count', 'view_count', 'cart_add_count', 'purchase_count',
    'item_count', 'revenue_amount', 'own_order_at',
] %}
{% set columns = [
    'user_id', 'user_session', 'session_start_at', 'session_start_date', 'session_end_at', 'event_count',
    'view_count', 'cart_add_count', 'purchase_count', 'item_count', 'product_count', 'revenue_amount',
    'own_order_at',
] | join(', ') %}

with products as (
    select session_key, count(*) as product_count
    from {{ ref('int_batch_products') }}
    where is_single_session
    group by session_key
),

summed as (
    select keys.user_id, keys.user_session, {{ sums | join(', ') }}, products.product_count
    from {{ ref('int_batch_keys') }} as keys
    inner join products on keys.session_key = products.session_key
    where keys.is_single_session
    union all
    select user_id, user_session, {{ session_sums() }}, count(distinct product_id) as product_count
    from {{ ref('int_batch_sessionized_events') }}
    group by user_id, user_session, began_at
),

sessions as (
    select *, {{ shop_date('session_start_at') }} as session_start_date
    from summed
),

-- A change to a customer's orders changes orders_before of all their later sessions.
affected as (
    select {{ columns }} from sessions
    {% if is_incremental() %}
    union all
    select {{ columns }}
    from {{ this }}
    where
        session_start_date >= date '{{ var("sessions_from") }}'
        and session_start_at > timestamp '{{ var("session_window_to") }}'
        and user_id in (
            select user_id
            from sessions
            where purchase_count > 0
            union all
            select user_id
            from {{ this }} as before
            where purchase_count > 0 and {{ reaches_batch_days('before') }}
        )
    {% endif %}
),

orders as (
    select user_id, own_order_at as ordered_at
    from sessions
    where own_order_at is not null
    {% if is_incremental() %}
    union all
    select user_id, own_order_at as ordered_at
    from {{ source('built', 'int_buying_sessions') }} as before
    where own_order_at is not null and not ({{ overlaps_batch_days('before') }})
    {% endif %}
    union all
    select user_id, min(event_at) as ordered_at
    from {{ ref('int_purchases') }}
    where order_id is not null
    group by user_id, order_id
),

earlier_orders as (
    select affected.user_id, affected.user_session, affected.session_start_at, count(*) as orders_before
    from affected
    inner join orders
        on affected.user_id = orders.user_id and orders.ordered_at < affected.session_start_at
    group by affected.user_id, affected.user_session, affected.session_start_at
)

select
    affected.*,
    coalesce(earlier_orders.orders_before, 0) as orders_before
from affected
left join earlier_orders
    on
        affected.user_id = earlier_orders.user_id
        and affected.user_session = earlier_orders.user_session
        and affected.session_start_at = earlier_orders.session_start_at
