{{ config(tags='daily') }}

select
    file_id,
    event_time as event_at,
    {{ shop_date('event_time') }} as event_date,
    event_type,
    cast(product_id as string) as product_id,
    category_id,
    lower(category_code) as category_code,
    lower(brand) as brand,
    cast(price as numeric) as price,
    quantity,
    order_id,
    cast(user_id as string) as user_id,
    user_session
from {{ source('raw', 'events') }}
