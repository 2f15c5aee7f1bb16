{{ config(materialized='view', tags='daily') }}

-- What follows from a row's own columns is computed when read.
select
    {{ session_id('sessions', 'session_start_at') }} as session_id,
    user_id,
    user_session,
    session_start_at,
    session_start_date,
    session_end_at,
    {{ whole_quotient(
        epoch_micros('session_end_at') ~ ' - ' ~ epoch_micros('session_start_at'), 1000000
    ) }} as duration_seconds,
    event_count,
    view_count,
    cart_add_count,
    purchase_count,
    item_count,
    product_count,
    revenue_amount,
    view_count > 0 as reached_view,
    cart_add_count > 0 as reached_cart,
    purchase_count > 0 as reached_purchase,
    case
        when purchase_count > 0 then 'purchase'
        when cart_add_count > 0 then 'cart'
        when view_count > 0 then 'view'
        else 'other'
    end as funnel_stage,
    event_count > {{ var('robot_session_events') }} as is_robot_suspect,
    orders_before
from {{ ref('int_sessions') }} as sessions
