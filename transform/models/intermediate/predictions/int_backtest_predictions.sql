{{ config(tags=['predicted']) }}

-- Orders are counted in millionths, as predictions are.
{% for days in prediction_horizons() -%}
select
    customers.month_end_date,
    cast({{ days }} as int64) as horizon_days,
    coalesce(segments.rfm_segment, '') as rfm_segment,
    1000000 * customers.next_orders_{{ days }} as actual_orders,
    customers.next_revenue_{{ days }} as actual_revenue,
    1000000 * customers.last_orders_{{ days }} as last_orders,
    customers.last_revenue_{{ days }} as last_revenue,
    {{ as_millionths('cells.orders_' ~ days) }} as predicted_orders,
    {{ as_millionths('cells.orders_variance_' ~ days) }} as orders_variance,
    customers.next_orders_{{ days }} between cells.orders_low_{{ days }} and cells.orders_high_{{ days }}
        as is_covered_orders,
    customers.next_revenue_{{ days }}
    between {{ in_scale('customers', 'fits.gamma', 'cells.revenue_low_' ~ days) }}
    and {{ in_scale('customers', 'fits.gamma', 'cells.revenue_high_' ~ days) }} as is_covered_revenue,
    1000000 * cast(abs(cells.orders_median_{{ days }} - customers.next_orders_{{ days }}) as int64)
        as orders_error,
    {{ in_scale('customers', 'fits.gamma', 'cells.revenue_factor_' ~ days) }} as predicted_revenue,
    {{ variance_in_scale('customers', 'fits.gamma', 'cells.revenue_variance_' ~ days) }} as revenue_variance
from {{ ref('int_backtest_customers') }} as customers
inner join {{ source('predicted', 'int_predicted_cells') }} as cells
    on customers.month_end_date = cells.as_of_date and {{ is_in_cell('customers', 'cells') }}
inner join {{ source('predicted', 'int_predicted_fits') }} as fits
    on customers.month_end_date = fits.as_of_date
left join {{ ref('int_user_rfm_monthly') }} as segments
    on customers.user_id = segments.user_id and customers.month_end_date = segments.month_end_date
where customers.observed_days >= {{ days }} and customers.history_days >= {{ days }}
{{ 'union all' if not loop.last }}
{% endfor %}
