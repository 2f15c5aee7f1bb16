{{ config(materialized='table') }}

{% set history = var('anomaly_history_days') %}
{% set around = 'order by day_number range between ' ~ history ~ ' preceding and ' ~ history ~ ' following' %}

-- Purchases expected in the hours of a gap, relative to the other events if there are any.
with gaps as (
    select
        hours.event_date,
        sum(
            case
                when missing.subject = 'event' then hours.expected
                else least(
                    hours.expected,
                    coalesce(hours.expected_ratio * (hours.event_count - hours.measured), hours.expected)
                )
            end
            - hours.measured
        ) as lost_count
    from {{ ref('int_missing_events') }} as missing
    inner join {{ ref('int_expected_hours') }} as hours
        on hours.subject = 'purchase' and hours.hour_number between missing.first_hour and missing.last_hour
    where missing.subject in ('purchase', 'event')
    group by hours.event_date
),

days as (
    select
        sales.order_date,
        {{ days_between("date '1970-01-01'", 'sales.order_date') }} as day_number,
        gaps.lost_count,
        low.expected - low.measured as lost_session_count,
        gaps.event_date is not null or low.event_date is not null or silent.event_date is not null
            as is_missing,
        case
            when
                sales.is_complete
                and gaps.event_date is null and low.event_date is null and odd.order_date is null
                then 1
            else 0
        end as is_example,
        {{ as_float('sales.revenue_amount') }} as revenue_amount,
        sales.order_count,
        sales.squared_amount,
        coalesce(events.purchase_count, 0) as purchase_count
    from {{ ref('int_daily_sales') }} as sales
    left join gaps on sales.order_date = gaps.event_date
    left join {{ ref('int_day_sums') }} as events on sales.order_date = events.event_date
    left join {{ ref('int_odd_order_amounts') }} as odd on sales.order_date = odd.order_date
    left join {{ ref('int_silent_days') }} as silent
        on sales.order_date = silent.event_date and silent.is_reported
    left join {{ ref('int_low_days') }} as low
        on sales.order_date = low.event_date and low.subject = 'purchase'
),

usual as (
    select
        *,
        sum(is_example * revenue_amount) over ({{ around }}) as usual_revenue,
        sum(is_example * squared_amount) over ({{ around }}) as usual_squared,
        sum(is_example * order_count) over ({{ around }}) as usual_orders,
        sum(is_example * purchase_count) over ({{ around }}) as usual_purchases
    from days
),

lost as (
    select
        order_date,
        usual_revenue / nullif(usual_orders, 0) as order_amount,
        usual_squared / nullif(usual_orders, 0) as squared_order_amount,
        coalesce(lost_count * usual_orders / nullif(usual_purchases, 0), lost_session_count) as lost_orders
    from usual
    where is_missing
)

-- The relative error of the total amount of so few orders. Twice this error must not exceed the threshold.
select
    order_date,
    case when lost_orders < 0 then 0 else lost_orders end as lost_orders,
    case
        when
            squared_order_amount
            <= lost_orders * power({{ var('missing_amount_error') }} * order_amount / 2, 2)
            then {{ as_amount('lost_orders * order_amount') }}
    end as missing_amount
from lost
