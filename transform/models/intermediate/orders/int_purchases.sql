{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

select
    event_at,
    event_date,
    user_id,
    user_session,
    order_id,
    product_id,
    quantity,
    revenue_amount
from {{ ref('int_batch_events') }}
where event_type = 'purchase' and {{ in_batch_days() }}
