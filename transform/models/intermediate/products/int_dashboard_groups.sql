{{ config(materialized='table') }}

-- Limits the number of names: groups with little revenue become `other`. `*` is the total in the cubes.
with revenue as (
    select
        product_id,
        sum(revenue_amount) as revenue_amount
    from {{ ref('int_product_months') }}
    group by product_id
),

products as (
    select
        products.product_id,
        coalesce(categories.level_1, 'unknown') as category,
        coalesce(categories.level_2, categories.level_1, 'unknown') as subcategory,
        coalesce(products.brand, 'unknown') as brand,
        coalesce(revenue.revenue_amount, 0) as revenue_amount
    from {{ ref('int_products') }} as products
    left join {{ ref('int_categories') }} as categories on products.category_id = categories.category_id
    left join revenue on products.product_id = revenue.product_id
),

categories as (
    select
        category,
        row_number() over (order by sum(revenue_amount) desc, category asc) as place
    from products
    where category not in ('*', 'unknown')
    group by category
),

subcategories as (
    select
        category,
        subcategory,
        row_number() over (order by sum(revenue_amount) desc, category asc, subcategory asc) as place
    from products
    where subcategory not in ('*', 'unknown')
    group by category, subcategory
),

brands as (
    select
        brand,
        row_number() over (order by sum(revenue_amount) desc, brand asc) as place
    from products
    where brand not in ('*', 'unknown')
    group by brand
)

select
    {{ as_text('products.product_id') }} as product_id,
    case
        when products.category = 'unknown' or categories.place <= {{ var('dashboard_categories') }}
            then products.category
        else 'other'
    end as category,
    case
        when products.subcategory = 'unknown' or subcategories.place <= {{ var('dashboard_subcategories') }}
            then products.subcategory
        else 'other'
    end as subcategory,
    case
        when products.brand = 'unknown' or brands.place <= {{ var('dashboard_brands') }}
            then products.brand
        else 'other'
    end as brand
from products
left join categories on products.category = categories.category
left join subcategories
    on products.category = subcategories.category and products.subcategory = subcategories.subcategory
left join brands on products.brand = brands.brand
