-- Revenue stays with the first category of a product; what the shop calls it now is told here.
with moved as (
    select
        products.product_id,
        coalesce(first_categories.level_1, 'unknown') as from_category,
        coalesce(latest_categories.level_1, 'unknown') as to_category,
        {{ shop_date('products.latest_category_since') }} as moved_date
    from {{ ref('dim_products') }} as products
    left join {{ ref('dim_categories') }} as first_categories
        on products.category_id = first_categories.category_id
    left join {{ ref('dim_categories') }} as latest_categories
        on products.latest_category_id = latest_categories.category_id
    where
        products.is_category_conflict
        and coalesce(first_categories.level_1, 'unknown') != coalesce(latest_categories.level_1, 'unknown')
),

days as (
    select
        moved.from_category,
        moved.to_category,
        moved.moved_date,
        count(*) as product_count,
        sum(coalesce(sold.revenue_amount, 0)) as revenue_amount
    from moved
    left join {{ ref('metrics_product_performance') }} as sold
        on moved.product_id = sold.name and sold.level = 'product'
    group by moved.from_category, moved.to_category, moved.moved_date
),

-- Products show their new category when they are next looked at: the day of most is the day of the break.
ranked as (
    select
        *,
        row_number() over (
            partition by from_category, to_category order by product_count desc, moved_date asc
        ) as place
    from days
)

select
    max(case when place = 1 then moved_date end) as break_date,
    from_category,
    to_category,
    cast(sum(product_count) as int64) as product_count,
    cast(sum(revenue_amount) as numeric) as revenue_amount
from ranked
group by from_category, to_category
