{{ config(materialized='view') }}

-- Derived columns are computed when read. Metrics read int_sessions, which is cheaper.
select
    {{ session_id('sessions', 'sessions.session_start_at') }} as session_id,
    {{ as_text('sessions.user_id') }} as user_id,
    {{ as_text('sessions.user_session') }} as user_session,
    sessions.session_start_at,
    sessions.session_start_date,
    sessions.session_end_at,
    {{ whole_quotient(
        epoch_micros('sessions.session_end_at') ~ ' - ' ~ epoch_micros('sessions.session_start_at'), 1000000
    ) }} as duration_seconds,
    sessions.event_count,
    sessions.view_count,
    sessions.cart_add_count,
    sessions.purchase_count,
    sessions.item_count,
    sessions.product_count,
    sessions.revenue_amount,
    sessions.view_count > 0 as reached_view,
    sessions.cart_add_count > 0 as reached_cart,
    sessions.purchase_count > 0 as reached_purchase,
    case
        when sessions.purchase_count > 0 then 'purchase'
        when sessions.cart_add_count > 0 then 'cart'
        when sessions.view_count > 0 then 'view'
        else 'other'
    end as funnel_stage,
    {{ is_bot_suspect('sessions.event_count') }} as is_bot_suspect,
    sessions.orders_before,
    coalesce(segments.rfm_segment, 'New') as rfm_segment_before
from {{ ref('int_sessions') }} as sessions
left join {{ ref('fct_user_rfm_monthly') }} as segments
    on
        sessions.orders_before > 0
        and {{ as_text('sessions.user_id') }} = segments.user_id
        and {{ month_end_before('sessions.session_start_date') }} = segments.month_end_date
