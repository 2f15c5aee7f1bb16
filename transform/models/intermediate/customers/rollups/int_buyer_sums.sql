{{ config(
    meta={'replaces': 'users'},
    on_schema_change='fail',
    cluster_by=['user_id'],
) }}

-- depends_on: {{ ref('int_sessions') }}
-- Separate from int_buyers: these sums do not change from day to day for users without new sessions.
with buyers as (
    select
        orders.user_id,
        count(*) as order_count,
        1 + {{ count_if('orders.days_since_previous_order > 0') }} as order_day_count,
        cast(sum(orders.item_count) as int64) as item_count,
        cast(sum(orders.order_amount) as numeric) as revenue_amount,
        min(orders.ordered_at) as first_ordered_at,
        max(orders.ordered_at) as last_ordered_at,
        min(orders.order_date) as first_order_date,
        min(orders.customer_since_date) as customer_since_date,
        min(case when orders.order_number = 2 then orders.order_date end) as second_order_date,
        max(orders.order_date) as last_order_date
    from {{ ref('int_orders') }} as orders
    {{ of_touched_users('orders', as_text('user_id')) }}
    where {{ is_customer('orders.user_id') }}
    group by orders.user_id
),

activity as (
    select
        {{ as_text('users.user_id') }} as user_id,
        users.session_count,
        users.first_event_at,
        {{ shop_date('users.last_event_at') }} as last_event_date
    from {{ ref('int_user_activity') }} as users
    {{ of_touched_users('users') }}
)

select
    buyers.*,
    activity.session_count,
    activity.first_event_at,
    activity.last_event_date
from buyers
inner join activity on buyers.user_id = activity.user_id
