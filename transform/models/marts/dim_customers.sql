{{ config(materialized='view') }}

-- A view: most of its columns change from day to day for most customers.
with lines as (
    select
        lines.user_id,
        categories.level_1 as category,
        products.brand,
        count(*) as line_count,
        sum(lines.revenue_amount) as revenue_amount
    from {{ ref('int_order_lines') }} as lines
    inner join {{ ref('int_products') }} as products
        on lines.product_id = {{ as_text('products.product_id') }}
    left join {{ ref('int_categories') }} as categories on products.category_id = categories.category_id
    group by lines.user_id, categories.level_1, products.brand
),

-- The name bought most often; ties go to the higher revenue, then to the first name.
{% for name in ['category', 'brand'] -%}
ranked_{{ name }} as (
    select
        user_id,
        {{ name }},
        row_number() over (
            partition by user_id order by sum(line_count) desc, sum(revenue_amount) desc, {{ name }} asc
        ) as preference
    from lines
    where {{ name }} is not null
    group by user_id, {{ name }}
),

{% endfor -%}
segments_before as (
    select
        months.user_id,
        months.rfm_segment
    from {{ ref('int_user_rfm_monthly') }} as months
    inner join {{ ref('int_as_of') }} as as_of
        on months.month_end_date = {{ month_end_before('as_of.as_of_date') }}
)

select
    buyers.user_id,
    rfm.rfm_segment,
    segments_before.rfm_segment as rfm_segment_last_month,
    rfm.rfm_score,
    buyers.activity_status,
    buyers.is_leaving,
    buyers.order_count,
    buyers.item_count,
    buyers.revenue_amount as net_revenue_amount,
    {{ as_amount('buyers.revenue_amount / nullif(buyers.order_count, 0)') }} as average_order_amount,
    buyers.first_order_date,
    buyers.last_order_date,
    {{ period_start('month', 'coalesce(buyers.customer_since_date, buyers.first_order_date)') }} as cohort_month,
    buyers.days_since_last_order,
    buyers.days_since_last_activity,
    buyers.usual_interval_days,
    buyers.session_count,
    ranked_category.category as favorite_category,
    ranked_brand.brand as favorite_brand,
    cast(null as int64) as open_cart_product_count,
    cast(null as numeric) as open_cart_amount,
    cast(null as date) as open_cart_date,
    {{ as_float('null') }} as p_alive,
    {% for days in [30, 60, 90] -%}
    {{ as_float('null') }} as expected_orders_{{ days }}d,
    cast(null as numeric) as expected_revenue_{{ days }}d,
    {% endfor -%}
    cast(null as date) as expected_next_order_date,
    buyers.as_of_date
from {{ ref('int_buyers') }} as buyers
inner join {{ ref('dim_user_rfm') }} as rfm on buyers.user_id = rfm.user_id
left join segments_before on buyers.user_id = segments_before.user_id
left join ranked_category
    on buyers.user_id = ranked_category.user_id and ranked_category.preference = 1
left join ranked_brand
    on buyers.user_id = ranked_brand.user_id and ranked_brand.preference = 1
