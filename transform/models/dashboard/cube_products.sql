{{ config(
    materialized='incremental',
    meta={'replaces': 'later days and names', 'day': 'event_date'},
    on_schema_change='fail',
) }}

{% set counts = [
    'view_count', 'cart_add_count', 'purchase_count', 'item_count', 'sessions_with_view', 'sessions_with_cart',
    'sessions_with_purchase', 'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase',
    'sessions_with_view_and_purchase',
] %}

with products as (
    select distinct product_id
    from {{ ref('int_product_months') }}
),

-- Groups by one number instead of three names, which costs a fraction.
numbered as (
    select
        products.product_id,
        names.category,
        names.subcategory,
        names.brand,
        dense_rank() over (order by names.category, names.subcategory, names.brand) as name_number
    from {{ ref('int_dashboard_groups') }} as names
    inner join products on names.product_id = {{ as_text('products.product_id') }}
),

names as (
    select distinct
        name_number,
        category,
        subcategory,
        brand
    from numbered
),

days as (
    {% set products -%} select product_id from numbered where {{ is_changed_cell('numbered') }} {%- endset %}
    {{ of_changed_days_or_products(ref('int_product_days'), 'event_date', products) }}
),

sums as (
    select
        days.event_date,
        numbered.name_number,
        {% for count in counts -%}
        cast(sum(days.{{ count }}) as int64) as {{ count }},
        {% endfor -%}
        cast(sum(days.revenue_amount) as numeric) as revenue_amount
    from days
    inner join numbered on days.product_id = numbered.product_id
    group by days.event_date, numbered.name_number
)

select
    sums.event_date,
    names.category,
    names.subcategory,
    names.brand,
    {% for count in counts -%}
    sums.{{ count }},
    {% endfor -%}
    sums.revenue_amount
from sums
inner join names on sums.name_number = names.name_number
