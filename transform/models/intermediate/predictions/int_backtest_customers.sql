{{ config(materialized='table') }}

{% set longest = prediction_horizons() | last %}
{% set past = 'orders.order_date <= waiting.month_end_date' %}
{% set is_new_day = 'coalesce(orders.days_since_previous_order, 1) > 0' %}
-- Past month ends whose orders, before or within a horizon that has ended, changed since the last build.
-- If all users are rebuilt, changed_from is before all data.
with month_ends as (
    select
        month_ends.month_end_date,
        {{ cell_days('as_of.first_date', 'month_ends.month_end_date') }} as cell_days,
        {{ days_between('as_of.first_date', 'month_ends.month_end_date') }} + 1 as history_days,
        case
            {% for days in prediction_horizons() | reverse -%}
            when {{ add_days('month_ends.month_end_date', days) }} <= as_of.as_of_date then {{ days }}
            {% endfor -%}
        end as observed_days
    from {{ ref('int_month_ends') }} as month_ends
    cross join {{ ref('int_as_of') }} as as_of
),

waiting as (
    select month_ends.*
    from month_ends
    left join {{ source('predicted', 'int_predicted_fits') }} as fits
        on
            month_ends.month_end_date = fits.as_of_date
            and month_ends.observed_days = fits.observed_days
    where
        month_ends.observed_days is not null
        and month_ends.history_days >= {{ var('prediction_min_days') }}
        and (
            fits.as_of_date is null
            or {{ add_days('month_ends.month_end_date', 'month_ends.observed_days') }} >= {{ changed_from() }}
        )
),

buyers as (
    select
        orders.user_id,
        waiting.month_end_date,
        waiting.cell_days,
        waiting.history_days,
        waiting.observed_days,
        {{ count_if(past ~ ' and ' ~ is_new_day) }} as order_day_count,
        min(orders.order_date) as first_order_date,
        max(case when {{ past }} then orders.order_date end) as last_order_date,
        {% for days in prediction_horizons() -%}
        {{ count_if(is_within(days) ~ ' and ' ~ is_new_day) }} as next_orders_{{ days }},
        {{ amount_if(is_within(days)) }} as next_revenue_{{ days }},
        {{ count_if(is_since(days) ~ ' and ' ~ is_new_day) }} as last_orders_{{ days }},
        {{ amount_if(is_since(days)) }} as last_revenue_{{ days }},
        {% endfor -%}
        {{ amount_if(past) }} as revenue_amount
    from {{ ref('int_orders') }} as orders
    inner join waiting on orders.order_date <= {{ add_days('waiting.month_end_date', longest) }}
    where {{ is_customer('orders.user_id') }}
    group by
        orders.user_id,
        waiting.month_end_date,
        waiting.cell_days,
        waiting.history_days,
        waiting.observed_days
)

select
    buyers.*,
    {{ cell_columns('buyers', 'buyers.month_end_date', 'buyers.cell_days') }}
from buyers
where buyers.order_day_count > 0
