{{ config(
    materialized='incremental',
    meta={'replaces': 'later days and names', 'day': 'order_date'},
    on_schema_change='fail',
) }}

-- Rows `*` are totals: an order with two categories is one order of the shop and one of each category.
{% set views = [('category', 'brand'), ('category', "'*'"), ("'*'", 'brand'), ("'*'", "'*'")] %}

with changed as (
    {% set products -%}
        select product_id
        from {{ ref('int_dashboard_groups') }}
        where
            category in (select category from {{ ref('int_changed_cube_cells') }})
            or brand in (select brand from {{ ref('int_changed_cube_cells') }})
    {%- endset %}
    {{ of_changed_days_or_products(ref('int_order_lines'), 'order_date', products) }}
),

lines as (
    select
        changed.*,
        products.category,
        products.brand
    from changed
    inner join {{ ref('int_dashboard_groups') }} as products on changed.product_id = products.product_id
),

-- No distinct count needed: such a row is one order and one buyer.
single as (
    select
        order_date,
        category,
        brand,
        rfm_segment,
        count(*) as order_count,
        {{ count_if('is_first_order') }} as first_order_count,
        {{ count_if(is_customer('user_id')) }} as buyer_count,
        sum(item_count) as item_count,
        sum(revenue_amount) as revenue_amount
    from lines
    where is_only_line
    group by order_date, category, brand, rfm_segment
),

several as (
    {% for category, brand in views -%}
    select
        order_date,
        {{ category }} as category,
        {{ brand }} as brand,
        rfm_segment,
        user_id,
        order_id,
        is_first_order,
        item_count,
        revenue_amount
    from lines
    where not is_only_line
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

orders as (
    select
        order_date,
        category,
        brand,
        rfm_segment,
        user_id,
        is_first_order,
        sum(item_count) as item_count,
        sum(revenue_amount) as revenue_amount
    from several
    group by order_date, category, brand, rfm_segment, user_id, is_first_order, order_id
),

counted as (
    {% for category, brand in views -%}
    select
        order_date,
        {{ category }} as category,
        {{ brand }} as brand,
        rfm_segment,
        order_count,
        first_order_count,
        buyer_count,
        item_count,
        revenue_amount
    from single
    union all
    {% endfor -%}
    select
        order_date,
        category,
        brand,
        rfm_segment,
        count(*) as order_count,
        {{ count_if('is_first_order') }} as first_order_count,
        count(distinct case when {{ is_customer('user_id') }} then user_id end) as buyer_count,
        sum(item_count) as item_count,
        sum(revenue_amount) as revenue_amount
    from orders
    group by order_date, category, brand, rfm_segment
)

select
    order_date,
    category,
    brand,
    rfm_segment,
    {% for count in ['order_count', 'first_order_count', 'buyer_count', 'item_count'] -%}
    cast(sum({{ count }}) as int64) as {{ count }},
    {% endfor -%}
    cast(sum(revenue_amount) as numeric) as revenue_amount
from counted
where order_date >= {{ changed_from() }} or {{ is_changed_cell('counted') }}
group by order_date, category, brand, rfm_segment
