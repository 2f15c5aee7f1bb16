{% set counts = [
    'view_count', 'cart_add_count', 'purchase_count', 'item_count', 'session_count',
    'sessions_with_view', 'sessions_with_cart', 'sessions_with_purchase',
    'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase', 'sessions_with_view_and_purchase',
] %}


with products as (
    select
        {{ as_text('months.product_id') }} as product_id,
        {% for count in counts -%}
        cast(sum(months.{{ count }}) as int64) as {{ count }},
        {% endfor -%}
        sum(months.revenue_amount) as revenue_amount
    from {{ ref('int_product_months') }} as months
    group by months.product_id
),

named as (
    select
        products.*,
        coalesce(dim_products.category_code, 'unknown') as category_code,
        coalesce(dim_products.brand, 'unknown') as brand
    from products
    inner join {{ ref('dim_products') }} as dim_products on products.product_id = dim_products.product_id
),

-- The dimension's one category and brand of a product, never the one on the event.
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
        product_id as name,
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
