-- Every day counts, also one without an order: a gap in the dates would hide it from a chart.
with days as (
    select {{ add_days('as_of.first_date', 'number') }} as order_date
    from {{ ref('int_as_of') }} as as_of
    cross join {{ each_number(0, days_between('as_of.first_date', 'as_of.last_date')) }}
),

event_days as (
    select * from {{ ref('int_event_days') }}
),

orders as (
    select * from {{ ref('int_order_days') }}
)

select
    days.order_date,
    cast(coalesce(orders.revenue_amount, 0) as numeric) as revenue_amount,
    coalesce(orders.order_count, 0) as order_count,
    coalesce(orders.buyer_count, 0) as buyer_count,
    coalesce(orders.item_count, 0) as item_count,
    coalesce(orders.first_order_count, 0) as first_order_count,
    coalesce(event_days.is_complete, false) as is_complete
from days
left join orders on days.order_date = orders.order_date
left join event_days on days.order_date = event_days.event_date
