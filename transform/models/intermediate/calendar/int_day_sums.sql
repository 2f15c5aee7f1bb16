{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

with days as (
    select
        event_date,
        cast(sum(event_count) as int64) as event_count,
        cast(sum(view_count) as int64) as view_count,
        cast(sum(cart_add_count) as int64) as cart_add_count,
        cast(sum(purchase_count) as int64) as purchase_count,
        cast(sum(repeat_count) as int64) as duplicate_row_count,
        cast(sum(purchase_repeat_count) as int64) as duplicate_purchase_count,
        cast(sum(repeat_revenue_amount) as numeric) as duplicate_revenue_amount,
        min(first_event_at) as first_event_at,
        max(last_event_at) as last_event_at,
        min(hour_of_day) as first_hour,
        max(hour_of_day) as last_hour
    from {{ ref('int_event_hours') }}
    where {{ in_batch_days() }}
    group by event_date
),

products as (
    select
        event_date,
        count(*) as product_count
    from {{ ref('int_product_days') }}
    where {{ in_batch_days() }}
    group by event_date
)

select
    days.*,
    products.product_count
from days
left join products on days.event_date = products.event_date
