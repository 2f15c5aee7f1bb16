{{ config(materialized='view') }}

-- Ids, flags and revenue follow from a row's own columns, so they are computed when read and not stored.
select
    {{ event_id('events') }} as event_id,
    event_at,
    event_date,
    event_type,
    {{ as_text('events.user_id') }} as user_id,
    {{ as_text('events.user_session') }} as user_session,
    {{ session_id('events', session_began_at('events', 'sessions')) }} as session_id,
    {{ as_text('events.product_id') }} as product_id,
    category_id,
    category_code,
    brand,
    price,
    quantity,
    order_id,
    coalesce(event_type = 'view', false) as is_view,
    coalesce(event_type = 'cart', false) as is_cart_add,
    coalesce(event_type = 'purchase', false) as is_purchase,
    {{ revenue_amount() }} as revenue_amount,
    duplicate_count
from {{ ref('stg_events') }} as events
left join {{ ref('int_multi_slot_sessions') }} as sessions on {{ is_in_session('events', 'sessions') }}
