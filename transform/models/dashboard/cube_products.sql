{% set counts = [
    'view_count', 'cart_add_count', 'purchase_count', 'item_count', 'sessions_with_view', 'sessions_with_cart',
    'sessions_with_purchase', 'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase',
    'sessions_with_view_and_purchase',
] %}

select
    days.event_date,
    products.category,
    products.subcategory,
    products.brand,
    {% for count in counts -%}
    cast(sum(days.{{ count }}) as int64) as {{ count }},
    {% endfor -%}
    cast(sum(days.revenue_amount) as numeric) as revenue_amount
from {{ ref('int_product_days') }} as days
inner join {{ ref('int_product_names') }} as products on days.product_id = products.product_id
group by days.event_date, products.category, products.subcategory, products.brand
