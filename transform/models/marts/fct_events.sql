{{ config(materialized='view') }}

-- Ids, flags and revenue follow from a row's own columns: computed when read, they cost nothing to keep.
select
    {{ hash_id(["coalesce(event_type, '')", 'product_id', 'user_id', 'user_session'], 'event_at') }}
        as event_id,
    event_at,
    event_date,
    event_type,
    user_id,
    user_session,
    {{ hash_id(['user_id', 'user_session'], 'session_start_at') }} as session_id,
    product_id,
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
from {{ ref('stg_events') }}
