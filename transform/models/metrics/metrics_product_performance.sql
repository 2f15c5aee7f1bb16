{% set counts = [
    'view_count', 'cart_add_count', 'purchase_count', 'item_count', 'session_count',
    'sessions_with_view', 'sessions_with_cart', 'sessions_with_purchase',
    'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase', 'sessions_with_view_and_purchase',
] %}


with products as (
    select
        product_id,
        {% for count in counts -%}
        cast(sum({{ count }}) as int64) as {{ count }},
        {% endfor -%}
        sum(revenue_amount) as revenue_amount
    from {{ ref('int_product_months') }}
    group by product_id
),

named as (
    select
        products.*,
        coalesce(named_products.category_code, 'unknown') as category_code,
        coalesce(named_products.brand, 'unknown') as brand
    from products
    inner join {{ ref('int_products') }} as named_products on products.product_id = named_products.product_id
),

-- Uses the product's category and brand from the dimension, never those of the event.
levels as (
    {% for level, name in [('category', 'category_code'), ('brand', 'brand')] -%}
    select
        '{{ level }}' as level,
        {{ name }} as name,
        cast(null as string) as category_code,
        cast(null as string) as brand,
        count(*) as product_count,
        {% for count in counts -%}
        cast(sum({{ count }}) as int64) as {{ count }},
        {% endfor -%}
        cast(sum(revenue_amount) as numeric) as revenue_amount
    from named
    group by name
    union all
    {% endfor -%}
    select
        'product' as level,
        {{ as_text('product_id') }} as name,
        category_code,
        brand,
        1 as product_count,
        {% for count in counts -%}
        {{ count }},
        {% endfor -%}
        cast(revenue_amount as numeric) as revenue_amount
    from named
)

select
    levels.*,
    {{ share_columns(
        'view_to_cart_rate', 'levels.sessions_with_view_and_cart', 'levels.sessions_with_view'
    ) }},
    {{ share_columns(
        'cart_to_purchase_rate', 'levels.sessions_with_cart_and_purchase', 'levels.sessions_with_cart'
    ) }},
    {{ share_columns(
        'view_to_purchase_rate', 'levels.sessions_with_view_and_purchase', 'levels.sessions_with_view'
    ) }},
    as_of.as_of_date
from levels
cross join {{ ref('int_as_of') }} as as_of
