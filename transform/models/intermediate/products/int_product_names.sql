select
    {{ as_text('products.product_id') }} as product_id,
    categories.level_1 as category,
    case
        when categories.level_1 is not null
            then concat(categories.level_1, '.', coalesce(categories.level_2, categories.level_1))
    end as subcategory,
    products.brand,
    {{ as_text('products.product_id') }} as product
from {{ ref('int_products') }} as products
left join {{ ref('int_categories') }} as categories on products.category_id = categories.category_id
