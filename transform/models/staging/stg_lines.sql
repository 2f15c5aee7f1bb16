{{ config(tags='daily') }}

select
    file_id,
    event_time as event_at,
    {{ shop_date('event_time') }} as event_date,
    event_type,
    product_id,
    category_id,
    lower(category_code) as category_code,
    lower(brand) as brand,
    cast(price as numeric) as price,
    quantity,
    order_id,
    user_id,
    user_session
from {{ source('raw', 'events') }}
