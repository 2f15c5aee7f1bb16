{{ config(tags=['predicted']) }}

-- depends_on: {{ ref('int_prediction_cells') }}
with as_of as (
    select
        *,
        {{ cell_days('first_date', 'as_of_date') }} as cell_days
    from {{ ref('int_as_of') }}
),

buyers as (
    select
        buyers.user_id,
        buyers.order_day_count,
        buyers.revenue_amount,
        as_of.as_of_date,
        {{ cell_columns('buyers', 'as_of.as_of_date', 'as_of.cell_days') }}
    from {{ ref('int_buyer_sums') }} as buyers
    cross join as_of
),

-- One row: a horizon without parameters is refused.
fits as (
    select
        {% for days in prediction_horizons() -%}
        max(case when horizon_days = {{ days }} and refusal_reason is null then gamma end)
            as gamma_{{ days }},
        {% endfor -%}
        max(case when refusal_reason is null then model end) as model
    from {{ ref('int_prediction_fits') }}
    where is_current
)

select
    buyers.user_id,
    fits.model,
    case when fits.model is not null then cells.p_alive end as p_alive,
    {% for days in prediction_horizons() -%}
    {% for column in ['orders', 'orders_low', 'orders_high'] -%}
    case when fits.gamma_{{ days }} is not null then cells.{{ column }}_{{ days }} end
        as expected_{{ column | replace('orders', 'orders_' ~ days ~ 'd') }},
    {% endfor -%}
    {{ in_scale('buyers', 'fits.gamma_' ~ days, 'cells.revenue_factor_' ~ days) }}
        as expected_revenue_{{ days }}d,
    {{ in_scale('buyers', 'fits.gamma_' ~ days, 'cells.revenue_low_' ~ days) }}
        as expected_revenue_{{ days }}d_low,
    {{ in_scale('buyers', 'fits.gamma_' ~ days, 'cells.revenue_high_' ~ days) }}
        as expected_revenue_{{ days }}d_high,
    {{ as_millionths('cells.orders_variance_' ~ days) }} as orders_variance_{{ days }}d,
    {{ variance_in_scale('buyers', 'fits.gamma_' ~ days, 'cells.revenue_variance_' ~ days) }}
        as revenue_variance_{{ days }}d,
    {% endfor -%}
    -- The day until which half of such customers who have not left order again.
    case
        when fits.model is not null and cells.p_alive >= 0.5 and cells.waiting_days <= 365
            then {{ add_days('buyers.as_of_date', 'cast(ceiling(cells.waiting_days) as int64)') }}
    end as expected_next_order_date,
    buyers.as_of_date
from buyers
cross join fits
left join {{ source('predicted', 'int_predicted_cells') }} as cells
    on buyers.as_of_date = cells.as_of_date and {{ is_in_cell('buyers', 'cells') }}
