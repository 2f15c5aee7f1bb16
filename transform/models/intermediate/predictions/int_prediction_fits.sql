{{ config(materialized='table', tags=['predicted']) }}

{% set needed = var('prediction_min_buyers') %}
{% set needed_repeat = var('prediction_min_repeat_buyers') %}
with horizons as (
    {% for days in prediction_horizons() -%}
    select cast({{ days }} as int64) as horizon_days{{ ' union all' if not loop.last }}
    {% endfor %}
),

-- Today, and the past month ends of the track record. If nothing was fitted, a row of today says why.
fitted as (
    select
        coalesce(fits.as_of_date, as_of.as_of_date) as fitted_date,
        fits.observed_days is null as is_current,
        {{ days_between('as_of.first_date', 'coalesce(fits.as_of_date, as_of.as_of_date)') }} + 1
            as days_of_history,
        as_of.as_of_date as today,
        fits.*
    from {{ ref('int_as_of') }} as as_of
    left join {{ source('predicted', 'int_predicted_fits') }} as fits on true
),

recent as (
    select
        *,
        -- Decimals, whose mean does not depend on the order of rows.
        cast(round(abs({{ rate('predicted_orders', 'actual_orders') }} - 1), 3) as numeric) as orders_miss,
        cast(round(abs({{ rate('predicted_revenue', 'actual_revenue') }} - 1), 3) as numeric) as revenue_miss,
        row_number() over (partition by horizon_days order by month_end_date desc) as months_ago
    from {{ ref('int_prediction_backtests') }}
    where decile = 0
),

-- The last three month ends, as later ones say more about the present.
checked as (
    select
        horizon_days,
        count(*) as backtest_count,
        {{ as_float('avg(case when actual_orders = 0 then 1 else orders_miss end)') }} as orders_miss,
        {{ as_float('avg(case when actual_revenue <= 0 then 1 else revenue_miss end)') }} as revenue_miss,
        sum(orders_error) > least(sum(last_orders_error), sum(segment_orders_error)) as is_beaten
    from recent
    where months_ago <= 3
    group by horizon_days
),

joined as (
    select
        fitted.*,
        horizons.horizon_days,
        case when fitted.r is not null and fitted.p is not null then 'MBG/NBD and Gamma-Gamma' end as model,
        coalesce(checked.backtest_count, 0) as backtest_count,
        checked.orders_miss,
        checked.revenue_miss,
        {{ as_float('0') }} + case horizons.horizon_days
            {% for days in prediction_horizons() -%}
            when {{ days }} then fitted.orders_error_{{ days }}
            {% endfor -%}
        end as orders_fit_error,
        case
            when fitted.days_of_history < {{ var('prediction_min_days') }}
                then concat(
                    'The data cover ', {{ counted_in_words('fitted.days_of_history', "'day'") }},
                    '; predictions need at least {{ var("prediction_min_days") }}.'
                )
            when fitted.days_of_history < horizons.horizon_days
                then concat(
                    'The data cover ', {{ counted_in_words('fitted.days_of_history', "'day'") }},
                    '; a prediction for ',
                    cast(horizons.horizon_days as string), ' days needs at least as many.'
                )
            when coalesce(fitted.customer_count, 0) < {{ needed }}
                then concat(
                    'Only ', {{ in_words('coalesce(fitted.customer_count, 0)') }},
                    ' customers have ordered; predictions need at least {{ needed }}.'
                )
            when fitted.repeat_customer_count < {{ needed_repeat }}
                then concat(
                    'Only ', {{ in_words('fitted.repeat_customer_count') }},
                    ' customers ordered on two days or more; predictions need at least {{ needed_repeat }}.'
                )
            when fitted.r is null or fitted.p is null then 'The model does not fit these orders.'
            when not fitted.is_current then null
            when checked.backtest_count is null
                then concat(
                    'No past month end is followed by ', cast(horizons.horizon_days as string),
                    ' days with which a prediction can be compared.'
                )
            when greatest(checked.orders_miss, checked.revenue_miss) > {{ var('prediction_max_error') }}
                then concat(
                    'For the last ', {{ counted_in_words('checked.backtest_count', "'month end'") }},
                    ', predictions for ', cast(horizons.horizon_days as string), ' days were off by ',
                    {{ percent_in_words('greatest(checked.orders_miss, checked.revenue_miss)') }},
                    '% on average; at most {{ (100 * var("prediction_max_error")) | round(1) }}% is allowed.'
                )
            when checked.is_beaten
                then concat(
                    'For the last ', {{ counted_in_words('checked.backtest_count', "'month end'") }},
                    ', a simple forecast for ', cast(horizons.horizon_days as string), ' days was closer.'
                )
        end as own_refusal
    from fitted
    cross join horizons
    left join checked on fitted.is_current and horizons.horizon_days = checked.horizon_days
)

-- If a shorter horizon is refused, so are the longer ones: its track record is the more recent one.
select
    *,
    coalesce(
        {% for days in prediction_horizons() -%}
        max(case when horizon_days = {{ days }} then own_refusal end)
            over (partition by fitted_date, is_current order by horizon_days),
        {% endfor -%}
        own_refusal
    ) as refusal_reason
from joined
