{{ config(tags=['predicted']) }}

{% set revenue_error = "sqrt(power(fits.orders_fit_error, 2) + power(fits.value_fit_error, 2))" %}
with backtests as (
    select
        *,
        predicted_orders / 1e6 as predicted_order_count,
        orders_variance / 1e6 as order_variance,
        cast(round(actual_orders / 1e6) as int64) as actual_order_count
    from {{ ref('int_prediction_backtests') }}
)

select
    backtests.month_end_date,
    backtests.horizon_days,
    backtests.decile,
    backtests.customer_count,
    backtests.predicted_order_count,
    {{ total_bound('predicted_order_count', 'order_variance', 'orders_fit_error', '-') }}
        as predicted_order_count_low,
    {{ total_bound('predicted_order_count', 'order_variance', 'orders_fit_error', '+') }}
        as predicted_order_count_high,
    backtests.actual_order_count,
    {{ rate('backtests.predicted_orders', 'backtests.actual_orders') }} as order_ratio,
    backtests.predicted_revenue as predicted_revenue_amount,
    {{ as_amount(total_bound('predicted_revenue', 'revenue_variance', revenue_error, '-')) }}
        as predicted_revenue_amount_low,
    {{ as_amount(total_bound('predicted_revenue', 'revenue_variance', revenue_error, '+')) }}
        as predicted_revenue_amount_high,
    backtests.actual_revenue as actual_revenue_amount,
    {{ rate('backtests.predicted_revenue', 'backtests.actual_revenue') }} as revenue_ratio,
    {{ rate('backtests.orders_error / 1e6', 'backtests.customer_count') }} as orders_mae,
    {{ rate('backtests.last_orders_error / 1e6', 'backtests.customer_count') }} as last_period_orders_mae,
    {{ rate('backtests.segment_orders_error / 1e6', 'backtests.customer_count') }} as segment_mean_orders_mae,
    {{ rate('backtests.revenue_error', 'backtests.customer_count') }} as revenue_mae,
    {{ rate('backtests.last_revenue_error', 'backtests.customer_count') }} as last_period_revenue_mae,
    {{ rate('backtests.segment_revenue_error', 'backtests.customer_count') }} as segment_mean_revenue_mae,
    cast(round(backtests.last_orders / 1e6) as int64) as last_period_order_count,
    backtests.last_revenue as last_period_revenue_amount,
    backtests.covered_orders as orders_covered_count,
    {{ share_columns('orders_covered_rate', 'backtests.covered_orders', 'backtests.customer_count') }},
    backtests.covered_revenue as revenue_covered_count,
    {{ share_columns('revenue_covered_rate', 'backtests.covered_revenue', 'backtests.customer_count') }},
    backtests.orders_gini,
    backtests.revenue_gini,
    fits.today as as_of_date
from backtests
inner join {{ ref('int_prediction_fits') }} as fits
    on
        backtests.month_end_date = fits.fitted_date
        and backtests.horizon_days = fits.horizon_days
        and not fits.is_current
