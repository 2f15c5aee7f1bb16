{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

select
    event_at,
    event_date,
    event_type,
    user_id,
    product_id,
    quantity,
    price
from {{ ref('int_batch_events') }}
where event_type in ('cart', 'remove_from_cart') and {{ in_batch_days() }}
