{{ config(materialized='table') }}

-- Revenue stays with a product's first category; this model shows its current category.
with moved as (
    select
        products.product_id,
        {{ shop_date('products.latest_category_since') }} as moved_date,
        coalesce(first_categories.level_1, 'unknown') as from_category,
        coalesce(latest_categories.level_1, 'unknown') as to_category,
        coalesce(products.latest_category_code, '') != coalesce(products.category_code, '') as has_other_code
    from {{ ref('int_products') }} as products
    left join {{ ref('int_categories') }} as first_categories
        on products.category_id = first_categories.category_id
    left join {{ ref('int_categories') }} as latest_categories
        on products.latest_category_id = latest_categories.category_id
    where products.is_category_conflict and products.latest_category_id != products.category_id
),

sold as (
    select
        moved.product_id,
        sum(purchases.revenue_amount) as revenue_amount
    from moved
    inner join {{ ref('int_purchases') }} as purchases
        on
            moved.product_id = purchases.product_id
            and moved.moved_date <= purchases.event_date
    group by moved.product_id
)

select
    moved.*,
    cast(coalesce(sold.revenue_amount, 0) as numeric) as revenue_amount
from moved
left join sold on moved.product_id = sold.product_id
