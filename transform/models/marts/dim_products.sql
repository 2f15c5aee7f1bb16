-- What each product has been called: few rows a product, however long the history.
with kinds as (
    select
        product_id,
        category_id,
        category_code,
        brand,
        sum(event_count) as event_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_product_value_months') }}
    group by product_id, category_id, category_code, brand
),

products as (
    select
        product_id,
        count(distinct category_id) as category_count,
        count(distinct category_code) as category_code_count,
        count(distinct brand) as brand_count,
        cast(sum(event_count) as int64) as event_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from kinds
    group by product_id
),

-- The first category stays: a later renaming of the tree must not move past revenue.
ranked_categories as (
    select
        product_id,
        category_id,
        row_number() over (
            partition by product_id order by min(first_seen_at), sum(event_count) desc, category_id
        ) as first_rank,
        row_number() over (
            partition by product_id order by max(last_seen_at) desc, sum(event_count) desc, category_id
        ) as latest_rank,
        min(first_seen_at) as first_seen_at
    from kinds
    where category_id is not null
    group by product_id, category_id
),

ranked_brands as (
    select
        product_id,
        brand,
        row_number() over (
            partition by product_id order by sum(event_count) desc, max(last_seen_at) desc, brand
        ) as preference
    from kinds
    where brand is not null
    group by product_id, brand
)

select
    {{ as_text('products.product_id') }} as product_id,
    first_categories.category_id,
    first_codes.category_code,
    brands.brand,
    latest_categories.category_id as latest_category_id,
    latest_codes.category_code as latest_category_code,
    latest_categories.first_seen_at as latest_category_since,
    products.category_count,
    products.category_code_count,
    products.brand_count,
    products.category_count > 1 as is_category_conflict,
    products.brand_count > 1 as is_brand_conflict,
    products.event_count,
    products.first_seen_at,
    products.last_seen_at
from products
left join ranked_categories as first_categories
    on products.product_id = first_categories.product_id and first_categories.first_rank = 1
left join ranked_categories as latest_categories
    on products.product_id = latest_categories.product_id and latest_categories.latest_rank = 1
left join {{ ref('dim_categories') }} as first_codes
    on first_categories.category_id = first_codes.category_id
left join {{ ref('dim_categories') }} as latest_codes
    on latest_categories.category_id = latest_codes.category_id
left join ranked_brands as brands
    on products.product_id = brands.product_id and brands.preference = 1
