{{ config(materialized='view') }}

-- A view: for most users, only the days since the last event change from day to day.
select
    {{ as_text('users.user_id') }} as user_id,
    users.first_event_at,
    users.last_event_at,
    users.session_count,
    users.event_count,
    coalesce(buyers.order_count, 0) as order_count,
    coalesce(buyers.item_count, 0) as item_count,
    cast(coalesce(buyers.revenue_amount, 0) as numeric) as revenue_amount,
    {{ as_amount('buyers.revenue_amount / nullif(buyers.order_count, 0)') }} as average_order_amount,
    buyers.first_ordered_at,
    buyers.last_ordered_at,
    buyers.first_order_date,
    buyers.customer_since_date,
    buyers.last_order_date,
    {{ days_between(shop_date('users.last_event_at'), 'as_of.as_of_date') }} as days_since_last_activity,
    buyers.days_since_last_order,
    coalesce(buyers.activity_status, 'prospect') as activity_status,
    coalesce(buyers.activity_status = 'churned', false) as is_churned,
    as_of.as_of_date
from {{ ref('int_user_activity') }} as users
left join {{ ref('int_buyers') }} as buyers on {{ as_text('users.user_id') }} = buyers.user_id
cross join {{ ref('int_as_of') }} as as_of
