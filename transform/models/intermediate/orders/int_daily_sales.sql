-- Every day has a row, even without orders: a chart would hide a missing date.
with days as (
    select event_date as order_date
    from {{ ref('int_calendar') }}
),

event_days as (
    select * from {{ ref('int_event_days') }}
),

orders as (
    select * from {{ ref('int_order_days') }}
)

-- A day without events has no sales, unless an alert reports it as missing.
select
    days.order_date,
    cast(coalesce(orders.revenue_amount, 0) as numeric) as revenue_amount,
    coalesce(orders.order_count, 0) as order_count,
    coalesce(orders.buyer_count, 0) as buyer_count,
    coalesce(orders.item_count, 0) as item_count,
    coalesce(orders.first_order_count, 0) as first_order_count,
    coalesce(orders.squared_amount, 0) as squared_amount,
    coalesce(
        event_days.is_complete,
        not exists (
            select 1
            from {{ ref('int_silent_days') }} as silent
            where silent.is_reported and days.order_date = silent.event_date
        )
    ) as is_complete
from days
left join orders on days.order_date = orders.order_date
left join event_days on days.order_date = event_days.event_date
