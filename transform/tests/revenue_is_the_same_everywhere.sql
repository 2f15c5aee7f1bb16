-- Revenue lost or duplicated between the purchases and the metrics. Sessions of unchanged days are already
-- summed up; the number of their events shows that none was lost since.
{% set sessions -%}
    (
        select revenue_amount
        from {{ ref('int_sessions') }}
        where session_start_date >= {{ sessions_changed_from() }}
        union all
        select revenue_amount
        from {{ ref('cube_sessions') }}
        where session_start_date < {{ sessions_changed_from() }}
    ) as sessions
{%- endset %}

{% set customers = ref('fct_orders') ~ ' where ' ~ is_customer('user_id') %}
{% set of_customers = ['orders of customers', 'users', 'buyers', 'segments', 'bands'] %}

with totals as (
    {% for name, relation, amount in [
        ('purchases', ref('int_purchases'), 'revenue_amount'),
        ('sessions', sessions, 'revenue_amount'),
        ('orders', ref('fct_orders'), 'order_amount'),
        ('product days', ref('int_product_days'), 'revenue_amount'),
        ('product months', ref('int_product_months'), 'revenue_amount'),
        ('days', ref('metrics_daily_sales'), 'revenue_amount'),
        ('categories', ref('metrics_product_performance') ~ " where level = 'category'", 'revenue_amount'),
        ('brands', ref('metrics_product_performance') ~ " where level = 'brand'", 'revenue_amount'),
        ('order lines', ref('int_order_lines'), 'revenue_amount'),
        ('sales', ref('cube_sales') ~ " where category = '*' and brand = '*'", 'revenue_amount'),
        ('sales by category', ref('cube_sales') ~ " where category != '*' and brand = '*'", 'revenue_amount'),
        ('sales by brand', ref('cube_sales') ~ " where category = '*' and brand != '*'", 'revenue_amount'),
        ('sales by both', ref('cube_sales') ~ " where category != '*' and brand != '*'", 'revenue_amount'),
        ('kinds of session', ref('cube_sessions'), 'revenue_amount'),
        ('kinds of product', ref('cube_products'), 'revenue_amount'),
        ('orders of customers', customers, 'order_amount'),
        ('users', ref('int_buyers'), 'revenue_amount'),
        ('buyers', ref('dim_user_rfm'), 'monetary_amount'),
        ('segments', ref('metrics_rfm_segments'), 'revenue_amount'),
        ('bands', ref('metrics_ltv_distribution'), 'revenue_amount'),
    ] -%}
    select
        '{{ name }}' as summed_over,
        '{{ 'orders of customers' if name in of_customers else 'purchases' }}' as compared_with,
        coalesce(sum({{ amount }}), 0) as revenue_amount
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select totals.*
from totals
inner join totals as others on totals.compared_with = others.summed_over
where totals.revenue_amount != others.revenue_amount
