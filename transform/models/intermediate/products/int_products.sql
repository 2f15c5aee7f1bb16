{{ config(materialized='table') }}

-- The attributes of each product over time: a few rows per product, however long the history is.
with kinds as (
    select
        product_id,
        category_id,
        category_code,
        brand,
        sum(event_count) as event_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_product_attribute_months') }}
    group by product_id, category_id, category_code, brand
),

-- Uses codes instead of ids for products without an id in any event.
products as (
    select
        product_id,
        count(category_id) > 0 as has_category_id,
        coalesce(nullif(count(distinct category_id), 0), count(distinct category_code)) as category_count,
        count(distinct category_code) as category_code_count,
        count(distinct brand) as brand_count,
        coalesce(min(category_id), min(category_code)) as any_category_id,
        coalesce(
            min(case when category_id is not null then first_seen_at end),
            min(case when category_code is not null then first_seen_at end)
        ) as any_category_since,
        min(brand) as any_brand,
        cast(sum(event_count) as int64) as event_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from kinds
    group by product_id
),

-- Keeps the first category: later changes to the category tree must not move past revenue. Most products have
-- only one category and one brand, and need no ranking.
conflicting as (
    select
        kinds.product_id,
        kinds.event_count,
        kinds.first_seen_at,
        kinds.last_seen_at,
        case when products.has_category_id then kinds.category_id else kinds.category_code end as category_id
    from kinds
    inner join products on kinds.product_id = products.product_id
    where products.category_count > 1
),

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
    from conflicting
    where category_id is not null
    group by product_id, category_id
),

ranked_brands as (
    select
        kinds.product_id,
        kinds.brand,
        row_number() over (
            partition by kinds.product_id
            order by sum(kinds.event_count) desc, max(kinds.last_seen_at) desc, kinds.brand
        ) as preference
    from kinds
    inner join products on kinds.product_id = products.product_id
    where products.brand_count > 1 and kinds.brand is not null
    group by kinds.product_id, kinds.brand
),

named as (
    select
        products.*,
        coalesce(first_categories.category_id, products.any_category_id) as category_id,
        coalesce(latest_categories.category_id, products.any_category_id) as latest_category_id,
        coalesce(latest_categories.first_seen_at, products.any_category_since) as latest_category_since,
        coalesce(brands.brand, products.any_brand) as brand
    from products
    left join ranked_categories as first_categories
        on products.product_id = first_categories.product_id and first_categories.first_rank = 1
    left join ranked_categories as latest_categories
        on products.product_id = latest_categories.product_id and latest_categories.latest_rank = 1
    left join ranked_brands as brands
        on products.product_id = brands.product_id and brands.preference = 1
)

select
    named.product_id,
    named.category_id,
    first_codes.category_code,
    named.brand,
    named.latest_category_id,
    latest_codes.category_code as latest_category_code,
    named.latest_category_since,
    named.category_count,
    named.category_code_count,
    named.brand_count,
    named.category_count > 1 as is_category_conflict,
    named.brand_count > 1 as is_brand_conflict,
    named.event_count,
    named.first_seen_at,
    named.last_seen_at
from named
left join {{ ref('int_categories') }} as first_codes on named.category_id = first_codes.category_id
left join {{ ref('int_categories') }} as latest_codes on named.latest_category_id = latest_codes.category_id
