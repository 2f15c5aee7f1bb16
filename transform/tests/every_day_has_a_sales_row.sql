-- Days with events or orders but without a row in the daily sales.
with days as (
    select event_date as order_date from {{ ref('int_event_days') }}
    union distinct
    select order_date from {{ ref('fct_orders') }}
)

select days.order_date
from days
left join {{ ref('metrics_daily_sales') }} as sales on days.order_date = sales.order_date
where sales.order_date is null
