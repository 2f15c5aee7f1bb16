{{ config(materialized='view') }}

-- A view: most columns change from day to day for most customers. It reads no table with a row per visitor.
-- Numbers instead of names, so that a favorite is one integer: its purchases, and among equal ones the first
-- name. Ranking texts would cost a multiple.
with products as (
    select
        products.product_id,
        categories.level_1 as category,
        products.brand,
        dense_rank() over (order by categories.level_1) as category_number,
        dense_rank() over (order by products.brand) as brand_number
    from {{ ref('int_products') }} as products
    left join {{ ref('int_categories') }} as categories on products.category_id = categories.category_id
),

{% for name in ['category', 'brand'] -%}
{{ name }}_purchases as (
    select
        purchases.user_id,
        products.{{ name }}_number as name_number,
        count(*) as purchase_count
    from {{ ref('int_purchases') }} as purchases
    inner join products on purchases.product_id = products.product_id
    where products.{{ name }} is not null
    group by purchases.user_id, products.{{ name }}_number
),

most_{{ name }}_purchases as (
    select
        user_id,
        10000000 - mod(max(purchase_count * 10000000 - name_number), 10000000) as name_number
    from {{ name }}_purchases
    group by user_id
),

{{ name }}_names as (
    select distinct
        {{ name }}_number as name_number,
        {{ name }}
    from products
    where {{ name }} is not null
),

favorite_{{ name }} as (
    select
        {{ as_text('most.user_id') }} as user_id,
        names.{{ name }}
    from most_{{ name }}_purchases as most
    inner join {{ name }}_names as names on most.name_number = names.name_number
),

{% endfor -%}
carts as (
    select
        user_id,
        count(*) as product_count,
        cast(sum(cart_amount) as numeric) as cart_amount,
        max(added_date) as added_date
    from {{ ref('fct_open_carts') }}
    group by user_id
),

-- Users with a cart but without an order are customers to win.
users as (
    select user_id from {{ ref('int_buyers') }}
    union distinct
    select user_id from carts
),

segments_before as (
    select
        months.user_id,
        months.rfm_segment
    from {{ ref('int_user_rfm_monthly') }} as months
    inner join {{ ref('int_as_of') }} as as_of
        on months.month_end_date = {{ month_end_before('as_of.as_of_date') }}
)

select
    users.user_id,
    rfm.rfm_segment,
    segments_before.rfm_segment as rfm_segment_last_month,
    rfm.rfm_score,
    coalesce(buyers.activity_status, 'prospect') as activity_status,
    coalesce(buyers.is_leaving, false) as is_leaving,
    coalesce(buyers.order_count, 0) as order_count,
    coalesce(buyers.item_count, 0) as item_count,
    cast(coalesce(buyers.revenue_amount, 0) as numeric) as net_revenue_amount,
    {{ as_amount('buyers.revenue_amount / nullif(buyers.order_count, 0)') }} as average_order_amount,
    buyers.first_order_date,
    buyers.last_order_date,
    {{ period_start('month', 'coalesce(buyers.customer_since_date, buyers.first_order_date)') }}
        as cohort_month,
    buyers.days_since_last_order,
    buyers.days_since_last_activity,
    buyers.usual_interval_days,
    buyers.session_count,
    favorite_category.category as favorite_category,
    favorite_brand.brand as favorite_brand,
    carts.product_count as open_cart_product_count,
    carts.cart_amount as open_cart_amount,
    carts.added_date as open_cart_date,
    {{ as_float('null') }} as p_alive,
    {% for days in [30, 60, 90] -%}
    {{ as_float('null') }} as expected_orders_{{ days }}d,
    cast(null as numeric) as expected_revenue_{{ days }}d,
    {% endfor -%}
    cast(null as date) as expected_next_order_date,
    as_of.as_of_date
from users
left join {{ ref('int_buyers') }} as buyers on users.user_id = buyers.user_id
left join {{ ref('dim_user_rfm') }} as rfm on users.user_id = rfm.user_id
left join carts on users.user_id = carts.user_id
left join segments_before on users.user_id = segments_before.user_id
left join favorite_category on users.user_id = favorite_category.user_id
left join favorite_brand on users.user_id = favorite_brand.user_id
cross join {{ ref('int_as_of') }} as as_of
