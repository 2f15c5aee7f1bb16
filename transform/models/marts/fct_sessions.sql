{{ config(
    materialized='incremental',
    meta={'replaces': 'sessions'},
    tags='daily',
    on_schema_change='fail',
    partition_by={'field': 'session_start_date', 'data_type': 'date'},
    cluster_by=['user_id'],
) }}

-- Sessions that reach into the built days, from all of their events.
with touched as (
    select
        user_id,
        user_session,
        session_start_at,
        max(event_at) as session_end_at,
        count(*) as event_count,
        {{ count_if("event_type = 'view'") }} as view_count,
        {{ count_if("event_type = 'cart'") }} as cart_add_count,
        {{ count_if("event_type = 'purchase'") }} as purchase_count,
        cast(sum(case when event_type = 'purchase' then quantity else 0 end) as int64) as item_count,
        cast(sum({{ revenue_amount() }}) as numeric) as revenue_amount
    from {{ ref('stg_events') }}
    where event_date between date '{{ var("sessions_from") }}' and {{ built_to() }}
    group by user_id, user_session, session_start_at
    having {{ reaches_built_days('session_start_at', 'max(event_at)') }}
),

-- Apart from the big aggregate: a distinct count inside it would double its cost.
products as (
    select user_id, user_session, session_start_at, count(*) as product_count
    from (
        select distinct user_id, user_session, session_start_at, product_id
        from {{ ref('stg_events') }}
        where
            event_date between date '{{ var("sessions_from") }}' and {{ built_to() }}
            and session_start_at <= timestamp '{{ var("reach_to") }}'
    ) as seen
    group by user_id, user_session, session_start_at
),

described as (
    select
        touched.*,
        {{ hash_id(['touched.user_id', 'touched.user_session'], 'touched.session_start_at') }} as session_id,
        {{ shop_date('touched.session_start_at') }} as session_start_date,
        cast(floor(
            (
                {{ epoch_micros('touched.session_end_at') }} - {{ epoch_micros('touched.session_start_at') }}
            ) / 1000000
        ) as int64) as duration_seconds,
        products.product_count,
        touched.view_count > 0 as reached_view,
        touched.cart_add_count > 0 as reached_cart,
        touched.purchase_count > 0 as reached_purchase,
        case
            when touched.purchase_count > 0 then 'purchase'
            when touched.cart_add_count > 0 then 'cart'
            when touched.view_count > 0 then 'view'
            else 'other'
        end as funnel_stage,
        touched.event_count > {{ var('robot_session_events') }} as is_robot_suspect
    from touched
    inner join products
        on
            touched.user_id = products.user_id
            and touched.user_session = products.user_session
            and touched.session_start_at = products.session_start_at
),

{% set columns = [
    'session_id', 'user_id', 'user_session', 'session_start_at', 'session_start_date', 'session_end_at',
    'duration_seconds', 'event_count', 'view_count', 'cart_add_count', 'purchase_count', 'item_count',
    'product_count', 'revenue_amount', 'reached_view', 'reached_cart', 'reached_purchase', 'funnel_stage',
    'is_robot_suspect',
] | join(', ') %}

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
            from {{ this }}
            where purchase_count > 0 and {{ reaches_built_days('session_start_at', 'session_end_at') }}
        )
    {% endif %}
),

orders as (
    select user_id, order_id, min(event_at) as ordered_at
    from {{ ref('int_purchases') }}
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
