{{ config(materialized='view') }}

select
    {{ as_text('product_id') }} as product_id,
    category_id,
    category_code,
    brand,
    latest_category_id,
    latest_category_code,
    latest_category_since,
    category_count,
    category_code_count,
    brand_count,
    is_category_conflict,
    is_brand_conflict,
    event_count,
    first_seen_at,
    last_seen_at
from {{ ref('int_products') }}
