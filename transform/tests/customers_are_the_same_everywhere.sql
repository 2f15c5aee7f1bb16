-- Customers lost or duplicated between the orders and the metrics. Known customers are in no cohort and have
-- no first-time order.
{% set first_orders = ref('fct_orders') ~ ' where order_number = 1 and ' ~ is_customer('user_id') %}

with totals as (
    {% for who, name, count, relation in [
        ('all', 'orders', 'count(*)', first_orders),
        ('all', 'users', 'count(*)', ref('int_buyers')),
        ('all', 'buyers', 'count(*)', ref('dim_user_rfm')),
        ('all', 'segments', 'sum(customer_count)', ref('metrics_rfm_segments')),
        ('all', 'bands', 'sum(customer_count)', ref('metrics_ltv_distribution')),
        ('new', 'orders', 'count(*)', first_orders ~ ' and ' ~ is_new_customer()),
        ('new', 'first orders', 'sum(first_order_count)', ref('metrics_daily_sales')),
        ('new', 'sales', 'sum(first_order_count)', ref('cube_sales') ~ " where category = '*' and brand = '*'"),
        ('new', 'months', 'sum(customer_count)', ref('metrics_churn') ~ " where cohort_grain = 'month'"),
        ('new', 'weeks', 'sum(customer_count)', ref('metrics_churn') ~ " where cohort_grain = 'week'"),
        ('new', 'cohorts', 'sum(customer_count)', ref('metrics_retention')
            ~ " where cohort_grain = 'month' and period_index = 0"),
    ] -%}
    select
        '{{ who }}' as who,
        '{{ name }}' as counted_over,
        coalesce({{ count }}, 0) as customer_count
    from {{ relation }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select totals.*
from totals
inner join totals as orders on totals.who = orders.who
where orders.counted_over = 'orders' and totals.customer_count != orders.customer_count
