{{ config(
    materialized='incremental',
    meta={'replaces': 'later months'},
    on_schema_change='fail',
    tags=['predicted'],
) }}

{% set added = [
    'predicted_orders', 'actual_orders', 'last_orders', 'orders_variance',
    'predicted_revenue', 'actual_revenue', 'last_revenue', 'revenue_variance', 'orders_error',
] %}
{% set whole = [
    'customer_count', 'predicted_orders', 'actual_orders', 'last_orders', 'orders_variance', 'revenue_variance',
    'covered_orders', 'covered_revenue', 'orders_error', 'last_orders_error', 'segment_orders_error',
] %}
{% set amounts = [
    'predicted_revenue', 'actual_revenue', 'last_revenue',
    'revenue_error', 'last_revenue_error', 'segment_revenue_error',
] %}
with predictions as (select * from {{ ref('int_backtest_predictions') }}),

segment_means as (
    select
        month_end_date,
        horizon_days,
        rfm_segment,
        cast(round(sum(last_orders) / count(*)) as int64) as segment_orders,
        {{ as_amount('sum(last_revenue) / count(*)') }} as segment_revenue
    from predictions
    group by month_end_date, horizon_days, rfm_segment
),

-- Every sum below adds up, so customers with equal predictions are one row from here on.
by_prediction as (
    select
        predictions.month_end_date,
        predictions.horizon_days,
        predictions.predicted_revenue as revenue_each,
        count(*) as customer_count,
        {% for column in added -%}
        sum(predictions.{{ column }}) as {{ column }},
        {% endfor -%}
        {% for measure in ['orders', 'revenue'] -%}
        sum(abs(predictions.last_{{ measure }} - predictions.actual_{{ measure }}))
            as last_{{ measure }}_error,
        sum(abs(segment_means.segment_{{ measure }} - predictions.actual_{{ measure }}))
            as segment_{{ measure }}_error,
        {% endfor -%}
        sum(abs(predictions.predicted_revenue - predictions.actual_revenue)) as revenue_error,
        {{ count_if('predictions.is_covered_orders') }} as covered_orders,
        {{ count_if('predictions.is_covered_revenue') }} as covered_revenue
    from predictions
    inner join segment_means
        on
            predictions.month_end_date = segment_means.month_end_date
            and predictions.horizon_days = segment_means.horizon_days
            and predictions.rfm_segment = segment_means.rfm_segment
    group by predictions.month_end_date, predictions.horizon_days, predictions.predicted_revenue
),

ranked as (
    select
        *,
        sum(customer_count) over (partition by month_end_date, horizon_days order by revenue_each)
        - customer_count as lower_count,
        sum(customer_count) over (partition by month_end_date, horizon_days) as all_count
    from by_prediction
),

grouped as (
    select
        *,
        1 + {{ whole_quotient('10 * cast(lower_count as int64)', 'cast(all_count as int64)') }} as decile
    from ranked
    union all
    select
        *,
        0 as decile
    from ranked
),

totals as (
    select
        month_end_date,
        horizon_days,
        decile,
        {% for column in whole -%}
        cast(sum({{ column }}) as int64) as {{ column }},
        {% endfor -%}
        {% for column in amounts -%}
        cast(sum({{ column }}) as numeric) as {{ column }},
        {% endfor -%}
        count(*) as prediction_count
    from grouped
    group by month_end_date, horizon_days, decile
),

{{ normalized_gini('orders_gini', 'predictions', 'predicted_orders', 'actual_orders') }},

{{ normalized_gini('revenue_gini', 'predictions', 'predicted_revenue', 'actual_revenue') }}

select
    totals.*,
    case when totals.decile = 0 then orders_gini.gini end as orders_gini,
    case when totals.decile = 0 then revenue_gini.gini end as revenue_gini
from totals
inner join orders_gini
    on totals.month_end_date = orders_gini.month_end_date and totals.horizon_days = orders_gini.horizon_days
inner join revenue_gini
    on totals.month_end_date = revenue_gini.month_end_date and totals.horizon_days = revenue_gini.horizon_days
