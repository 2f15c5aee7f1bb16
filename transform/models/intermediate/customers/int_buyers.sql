with aged as (
    select
        buyers.*,
        {{ days_between('buyers.last_event_date', 'as_of.as_of_date') }} as days_since_last_activity,
        {{ days_between('buyers.last_order_date', 'as_of.as_of_date') }} as days_since_last_order,
        nullif(buyers.order_day_count, 1) - 1 as interval_count,
        {{ days_between('buyers.first_order_date', 'buyers.last_order_date') }} as days_with_orders,
        as_of.as_of_date
    from {{ ref('int_buyer_sums') }} as buyers
    cross join {{ ref('int_as_of') }} as as_of
)

-- A customer who still visits has not churned, even if the last order is long ago.
select
    *,
    {{ rate('days_with_orders', 'interval_count') }} as usual_interval_days,
    -- The probability of so long a pause if the customer orders at random at their own rate.
    coalesce(
        days_since_last_order >= {{ var('at_risk_days') }}
        and power({{ rate('days_with_orders', 'days_with_orders + days_since_last_order') }}, interval_count)
        < {{ var('leaving_probability') }},
        false
    ) as is_leaving,
    case
        when days_since_last_order < {{ var('declining_days') }} then 'active'
        when days_since_last_order < {{ var('at_risk_days') }} then 'declining'
        when days_since_last_order < {{ var('churned_days') }} then 'at_risk'
        when days_since_last_activity < {{ var('churned_days') }} then 'at_risk'
        else 'churned'
    end as activity_status
from aged
