{% set user_id = as_text('users.user_id') %}

-- Placeholder ids, and users with so many orders that several customers seem to share the id.
with placeholder_orders as (
    select
        user_id,
        count(*) as order_count,
        sum(order_amount) as revenue_amount
    from {{ ref('int_orders') }}
    where not ({{ is_customer('user_id') }})
    group by user_id
),

placeholders as (
    select
        {{ user_id }} as user_id,
        users.first_event_at,
        users.last_event_at,
        users.event_count,
        coalesce(orders.order_count, 0) as order_count,
        coalesce(orders.revenue_amount, 0) as revenue_amount
    from {{ ref('int_user_activity') }} as users
    left join placeholder_orders as orders on {{ user_id }} = orders.user_id
    where not ({{ is_customer(user_id) }})
),

totals as (
    select sum(order_count) as order_count from {{ ref('int_order_days') }}
),

shared as (
    select
        buyers.user_id,
        buyers.first_ordered_at,
        buyers.last_ordered_at,
        buyers.order_count,
        buyers.revenue_amount,
        totals.order_count as total_order_count
    from {{ ref('int_buyer_sums') }} as buyers
    cross join totals
    where
        buyers.order_count >= {{ var('alert_min_events') }}
        and buyers.order_count > {{ var('alert_user_share') }} * totals.order_count
)

select
    'nobody_ids' as kind,
    'user' as subject,
    min(first_event_at) as from_at,
    max(last_event_at) as to_at,
    {{ as_float('sum(order_count)') }} as measured,
    {{ as_float('null') }} as expected,
    cast(sum(revenue_amount) as numeric) as revenue_amount,
    case when sum(order_count) > 0 then 'medium' else 'low' end as severity,
    concat(
        {{ counted_in_words('sum(order_count)', "'order'", zero='No') }}, ' and ',
        {{ counted_in_words('sum(event_count)', "'event'") }}, ' have a placeholder user id (',
        min(user_id), case when count(*) > 1 then ' and others' else '' end,
        '). They count in sales and in the funnel, but not as customers.'
    ) as sentence
from placeholders
having count(*) > 0
union all
select
    'shared_id' as kind,
    'user' as subject,
    first_ordered_at as from_at,
    last_ordered_at as to_at,
    {{ as_float('order_count') }} as measured,
    {{ as_float(var('alert_user_share') ~ ' * total_order_count') }} as expected,
    cast(revenue_amount as numeric) as revenue_amount,
    'medium' as severity,
    concat(
        'User ', user_id, ' has ', {{ in_words('order_count') }}, ' of ', {{ in_words('total_order_count') }},
        ' orders. Several customers may share the id. If it is a placeholder, add it to nobody_ids.'
    ) as sentence
from shared
