{{ config(
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

select
    event_date,
    product_id,
    category_id,
    category_code,
    brand,
    count(*) as event_count,
    min(event_at) as first_seen_at,
    max(event_at) as last_seen_at
from {{ ref('stg_events') }}
where {{ near_batch_days('event_at') }} and {{ in_batch_days() }}
group by event_date, product_id, category_id, category_code, brand
