with sessions as (
    select
        user_id,
        min(session_start_at) as first_event_at,
        max(session_end_at) as last_event_at,
        count(*) as session_count,
        cast(sum(event_count) as int64) as event_count
    from {{ ref('fct_sessions') }}
    group by user_id
),

orders as (
    select
        user_id,
        count(*) as order_count,
        sum(item_count) as item_count,
        sum(order_amount) as revenue_amount,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        min(order_date) as first_order_date,
        max(order_date) as last_order_date
    from {{ ref('fct_orders') }}
    group by user_id
),

aged as (
    select
        sessions.*,
        coalesce(orders.order_count, 0) as order_count,
        cast(coalesce(orders.item_count, 0) as int64) as item_count,
        cast(coalesce(orders.revenue_amount, 0) as numeric) as revenue_amount,
        orders.first_ordered_at,
        orders.last_ordered_at,
        orders.first_order_date,
        orders.last_order_date,
        {{ days_between(shop_date('sessions.last_event_at'), 'as_of.as_of_date') }}
            as days_since_last_activity,
        {{ days_between('orders.last_order_date', 'as_of.as_of_date') }} as days_since_last_order,
        as_of.as_of_date
    from sessions
    left join orders on sessions.user_id = orders.user_id
    cross join {{ ref('int_as_of') }} as as_of
),

-- Who still looks around is not gone, however long ago they bought.
described as (
    select
        *,
        case
            when days_since_last_order is null then 'prospect'
            when days_since_last_order < {{ var('declining_days') }} then 'active'
            when days_since_last_order < {{ var('at_risk_days') }} then 'declining'
            when days_since_last_order < {{ var('churned_days') }} then 'at_risk'
            when days_since_last_activity < {{ var('churned_days') }} then 'at_risk'
            else 'churned'
        end as activity_status
    from aged
)

select
    user_id,
    first_event_at,
    last_event_at,
    session_count,
    event_count,
    order_count,
    item_count,
    revenue_amount,
    {{ as_amount('revenue_amount / nullif(order_count, 0)') }} as average_order_amount,
    first_ordered_at,
    last_ordered_at,
    first_order_date,
    last_order_date,
    days_since_last_activity,
    days_since_last_order,
    activity_status,
    activity_status = 'churned' as is_churned,
    as_of_date
from described
