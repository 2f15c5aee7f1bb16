{# Macros that all models of predictions share. #}

{# Days for which orders and revenue are predicted. estore/predict/forecast.py has the same ones. #}
{% macro prediction_horizons() -%} {{ return([30, 60, 90]) }} {%- endmacro %}

{# Days per cell: times of long histories are rounded, so that the number of cells has a limit. #}
{% macro cell_days(first_day, day) -%}
    greatest(1, {{ whole_quotient(days_between(first_day, day), 200) }})
{%- endmacro %}

{# The columns that place a buyer in a cell, from the columns first_order_date, last_order_date and a date. #}
{% macro cell_columns(of, day, days) -%}
    {{ whole_quotient(days_between(of ~ '.first_order_date', of ~ '.last_order_date'), days) }} as recency_cell,
    {{ whole_quotient(days_between(of ~ '.first_order_date', day), days) }} as age_cell
{%- endmacro %}

{% macro is_in_cell(buyer, cell) -%}
    {{ buyer }}.order_day_count = {{ cell }}.order_day_count
    and {{ buyer }}.recency_cell = {{ cell }}.recency_cell
    and {{ buyer }}.age_cell = {{ cell }}.age_cell
{%- endmacro %}

{# Revenue so far; a buyer whose refunds exceed it has no value to learn from. #}
{% macro spent(buyer) -%} greatest({{ buyer }}.revenue_amount, 0) {%- endmacro %}

{# The sum of two independent errors of a total: those of its customers (variance) and a relative one. The quantile of a
   normal distribution gives 80 %. #}
{% macro total_bound(total, variance, relative_error, sign) -%}
    greatest(
        0e0,
        {{ as_float(total) }} {{ sign }} 1.2815515655446004e0
        * sqrt({{ as_float(variance) }} + power({{ relative_error }} * {{ as_float(total) }}, 2))
    )
{%- endmacro %}

{# Millionths, as whole numbers: their sums do not depend on the order of rows. #}
{% macro as_millionths(value) -%} cast(round(1000000 * ({{ value }})) as int64) {%- endmacro %}

{# The Gini coefficient of actual values in the order of predictions, divided by the one in their own order, per month
   end and horizon; equal values share their mean rank. Creates the CTE `name`. #}
{% macro normalized_gini(name, table, predicted, actual) -%}
    {% for by in [predicted, actual] -%}
    {{ name }}_by_{{ by }} as (
        select
            month_end_date,
            horizon_days,
            count(*) as equal_count,
            cast(sum({{ actual }}) as numeric) as actual,
            cast(
                sum(count(*)) over (partition by month_end_date, horizon_days order by {{ by }}) - count(*) as int64
            ) as lower_count,
            cast(sum(count(*)) over (partition by month_end_date, horizon_days) as int64) as all_count
        from {{ table }}
        group by month_end_date, horizon_days, {{ by }}
    ),

    {{ name }}_of_{{ by }} as (
        select
            month_end_date,
            horizon_days,
            {{ as_float('sum((2 * lower_count + equal_count - all_count) * actual)') }} as gini
        from {{ name }}_by_{{ by }}
        group by month_end_date, horizon_days
    ),

    {% endfor -%}
    {{ name }} as (
        select
            predictions.month_end_date,
            predictions.horizon_days,
            {{ rate('predictions.gini', 'best.gini') }} as gini
        from {{ name }}_of_{{ predicted }} as predictions
        inner join {{ name }}_of_{{ actual }} as best
            on
                predictions.month_end_date = best.month_end_date
                and predictions.horizon_days = best.horizon_days
    )
{%- endmacro %}

{# Money from a factor of a cell: the factor times (gamma + revenue so far). #}
{% macro in_scale(buyer, gamma, factor) -%}
    {{ as_amount('(' ~ gamma ~ ' + ' ~ as_float(spent(buyer)) ~ ') * ' ~ factor) }}
{%- endmacro %}

{# The variance of that revenue, in whole units. #}
{% macro variance_in_scale(buyer, gamma, variance) -%}
    cast(round(power({{ gamma }} + {{ as_float(spent(buyer)) }}, 2) * {{ variance }}) as int64)
{%- endmacro %}

{# The amount of orders that meet a condition. #}
{% macro amount_if(condition) -%}
    cast(sum(case when {{ condition }} then orders.order_amount else 0 end) as numeric)
{%- endmacro %}

{# True for orders in the days after a month end, or in the days until it. #}
{% macro is_within(days) -%}
    orders.order_date > waiting.month_end_date
    and orders.order_date <= {{ add_days('waiting.month_end_date', days) }}
{%- endmacro %}

{% macro is_since(days) -%}
    orders.order_date > {{ add_days('waiting.month_end_date', -days) }}
    and orders.order_date <= waiting.month_end_date
{%- endmacro %}
