{{ config(
    materialized='incremental',
    meta={'replaces': 'sessions'},
    tags='daily',
    on_schema_change='fail',
    partition_by={'field': 'session_start_date', 'data_type': 'date'},
    cluster_by=['user_id'],
) }}

{% set columns = [
    'session_id', 'user_id', 'user_session', 'session_start_at', 'session_start_date', 'session_end_at',
    'duration_seconds', 'event_count', 'view_count', 'cart_add_count', 'purchase_count', 'item_count',
    'product_count', 'revenue_amount', 'reached_view', 'reached_cart', 'reached_purchase', 'funnel_stage',
    'own_order_at', 'is_robot_suspect',
] | join(', ') %}

with sessions as (
    {{ built_sessions() }}
),

described as (
    select
        *,
        {{ whole_quotient(
            epoch_micros('session_end_at') ~ ' - ' ~ epoch_micros('session_start_at'), 1000000
        ) }} as duration_seconds,
        view_count > 0 as reached_view,
        cart_add_count > 0 as reached_cart,
        purchase_count > 0 as reached_purchase,
        case
            when purchase_count > 0 then 'purchase'
            when cart_add_count > 0 then 'cart'
            when view_count > 0 then 'view'
            else 'other'
        end as funnel_stage,
        event_count > {{ var('robot_session_events') }} as is_robot_suspect
    from sessions
),

-- A change to a customer's orders changes what each of their later sessions came after.
affected as (
    select {{ columns }} from described
    {% if is_incremental() %}
    union all
    select {{ columns }}
    from {{ this }}
    where
        session_start_at > timestamp '{{ var("reach_to") }}'
        and user_id in (
            select user_id
            from described
            where purchase_count > 0
            union all
            select user_id
            from {{ this }} as sessions
            where purchase_count > 0 and {{ reaches_built_days('sessions') }}
        )
    {% endif %}
),

orders as (
    select user_id, own_order_at as ordered_at
    from described
    where own_order_at is not null
    {% if is_incremental() %}
    union all
    select user_id, own_order_at as ordered_at
    from {{ this }} as sessions
    where own_order_at is not null and not ({{ reaches_built_days('sessions') }})
    {% endif %}
    union all
    select user_id, min(event_at) as ordered_at
    from {{ ref('int_purchases') }}
    where order_id is not null
    group by user_id, order_id
),

earlier_orders as (
    select affected.session_id, count(*) as orders_before
    from affected
    inner join orders
        on affected.user_id = orders.user_id and orders.ordered_at < affected.session_start_at
    group by affected.session_id
)

select
    affected.*,
    coalesce(earlier_orders.orders_before, 0) as orders_before
from affected
left join earlier_orders on affected.session_id = earlier_orders.session_id
