{{ config(materialized='table') }}

with orders as (
    select
        user_id,
        count(*) as order_count,
        cast(sum(item_count) as int64) as item_count,
        cast(sum(order_amount) as numeric) as revenue_amount,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        min(order_date) as first_order_date,
        min(case when order_number = 2 then order_date end) as second_order_date,
        max(order_date) as last_order_date
    from {{ ref('fct_orders') }}
    group by user_id
),

aged as (
    select
        orders.*,
        activity.session_count,
        activity.first_event_at,
        {{ days_between(shop_date('activity.last_event_at'), 'as_of.as_of_date') }}
            as days_since_last_activity,
        {{ days_between('orders.last_order_date', 'as_of.as_of_date') }} as days_since_last_order,
        as_of.as_of_date
    from orders
    inner join {{ ref('int_user_activity') }} as activity on orders.user_id = activity.user_id
    cross join {{ ref('int_as_of') }} as as_of
)

-- Who still looks around is not gone, however long ago they bought.
select
    *,
    case
        when days_since_last_order < {{ var('declining_days') }} then 'active'
        when days_since_last_order < {{ var('at_risk_days') }} then 'declining'
        when days_since_last_order < {{ var('churned_days') }} then 'at_risk'
        when days_since_last_activity < {{ var('churned_days') }} then 'at_risk'
        else 'churned'
    end as activity_status
from aged
