{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

-- A source's own order id, where it has one, gathers purchases across sessions.
with purchases as (
    select
        *,
        {{ hash_id(['user_id', 'user_session'], 'session_start_at') }} as session_id,
        {{ revenue_amount() }} as revenue_amount
    from {{ ref('stg_events') }}
    where event_type = 'purchase' and {{ in_built_days() }}
)

select
    event_at,
    event_date,
    user_id,
    session_id,
    coalesce(order_id, session_id) as order_id,
    product_id,
    quantity,
    revenue_amount
from purchases
