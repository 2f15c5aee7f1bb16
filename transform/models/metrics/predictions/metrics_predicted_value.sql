{{ config(tags=['predicted']) }}

with customers as (
    select
        predictions.*,
        segments.rfm_segment
    from {{ ref('int_customer_predictions') }} as predictions
    inner join {{ ref('dim_user_rfm') }} as segments on predictions.user_id = segments.user_id
    where predictions.model is not null
),

by_segment as (
    {% for days in prediction_horizons() -%}
    select
        rfm_segment,
        cast({{ days }} as int64) as horizon_days,
        count(*) as customer_count,
        sum({{ as_millionths('p_alive') }}) as alive,
        sum({{ as_millionths('expected_orders_' ~ days ~ 'd') }}) as orders,
        sum(orders_variance_{{ days }}d) as orders_variance,
        sum(expected_revenue_{{ days }}d) as revenue,
        sum(revenue_variance_{{ days }}d) as revenue_variance
    from customers
    group by rfm_segment
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

totals as (
    select * from by_segment
    union all
    select
        'All' as rfm_segment,
        horizon_days,
        sum(customer_count) as customer_count,
        sum(alive) as alive,
        sum(orders) as orders,
        sum(orders_variance) as orders_variance,
        sum(revenue) as revenue,
        sum(revenue_variance) as revenue_variance
    from by_segment
    group by horizon_days
),

-- A total is as uncertain as its customers, the models' parameters, and the errors found in the past.
uncertain as (
    select
        totals.rfm_segment,
        totals.horizon_days,
        cast(totals.customer_count as int64) as customer_count,
        {{ as_float('totals.alive') }} / 1e6 as alive_customer_count,
        {{ as_float('totals.orders') }} / 1e6 as order_count,
        {{ as_float('totals.orders_variance') }} / 1e6 as orders_variance,
        totals.revenue,
        {{ as_float('totals.revenue_variance') }} as revenue_variance,
        sqrt(power(fits.orders_fit_error, 2) + power(fits.orders_miss, 2)) as orders_error,
        sqrt(power(fits.orders_fit_error, 2) + power(fits.value_fit_error, 2) + power(fits.revenue_miss, 2))
            as revenue_error,
        fits.today as as_of_date
    from totals
    inner join {{ ref('int_prediction_fits') }} as fits
        on totals.horizon_days = fits.horizon_days and fits.is_current and fits.refusal_reason is null
)

select
    rfm_segment,
    horizon_days,
    customer_count,
    alive_customer_count,
    order_count as expected_order_count,
    {{ total_bound('order_count', 'orders_variance', 'orders_error', '-') }} as expected_order_count_low,
    {{ total_bound('order_count', 'orders_variance', 'orders_error', '+') }} as expected_order_count_high,
    cast(revenue as numeric) as expected_revenue_amount,
    {{ as_amount(total_bound('revenue', 'revenue_variance', 'revenue_error', '-')) }}
        as expected_revenue_amount_low,
    {{ as_amount(total_bound('revenue', 'revenue_variance', 'revenue_error', '+')) }}
        as expected_revenue_amount_high,
    as_of_date
from uncertain
