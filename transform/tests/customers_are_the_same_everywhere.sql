-- Customers lost or duplicated between the orders and the metrics.
with totals as (
    {% for name, count, relation in [
        ('orders', 'count(*)', ref('fct_orders') ~ ' where order_number = 1 and ' ~ is_customer('user_id')),
        ('users', 'count(*)', ref('int_buyers')),
        ('buyers', 'count(*)', ref('dim_user_rfm')),
        ('segments', 'sum(customer_count)', ref('metrics_rfm_segments')),
        ('bands', 'sum(customer_count)', ref('metrics_ltv_distribution')),
        ('first orders', 'sum(first_order_count)', ref('metrics_daily_sales')),
        ('sales', 'sum(first_order_count)', ref('cube_sales') ~ " where category = '*' and brand = '*'"),
        ('months', 'sum(customer_count)', ref('metrics_churn') ~ " where cohort_grain = 'month'"),
        ('weeks', 'sum(customer_count)', ref('metrics_churn') ~ " where cohort_grain = 'week'"),
        ('cohorts', 'sum(customer_count)', ref('metrics_retention')
            ~ " where cohort_grain = 'month' and period_index = 0"),
    ] -%}
    select
        '{{ name }}' as counted_over,
        coalesce({{ count }}, 0) as customer_count
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select totals.*
from totals
cross join totals as orders
where orders.counted_over = 'orders' and totals.customer_count != orders.customer_count
