{% set share = var('alert_user_share') %}

-- One visitor cannot cause so large a share of all events: the id is shared, or it is a bot. int_nobody_ids
-- reports users with a large share of orders.
with users as (
    select
        user_id,
        event_count,
        first_event_at,
        last_event_at,
        sum(event_count) over () as total_event_count
    from {{ ref('int_user_activity') }}
),

dominant as (
    select *
    from users
    where
        event_count > {{ share }} * total_event_count
        and event_count > {{ var('bot_session_events') }}
        and {{ is_customer(as_text('user_id')) }}
),

buyers as (
    select
        user_id,
        order_count,
        sum(order_count) over () as total_order_count
    from {{ ref('int_buyer_sums') }}
)

select
    'dominant_user' as kind,
    'user' as subject,
    dominant.first_event_at as from_at,
    dominant.last_event_at as to_at,
    {{ as_float('dominant.event_count') }} as measured,
    {{ as_float(share ~ ' * dominant.total_event_count') }} as expected,
    cast(null as numeric) as revenue_amount,
    'high' as severity,
    concat(
        'One user id has ', {{ in_words('dominant.event_count') }},
        ' of ', {{ in_words('dominant.total_event_count') }},
        ' events. Many visitors share the id, or it is a bot. Customer metrics are misleading.'
    ) as sentence
from dominant
left join buyers on {{ as_text('dominant.user_id') }} = {{ as_text('buyers.user_id') }}
where
    buyers.user_id is null
    or buyers.order_count < {{ var('alert_min_events') }}
    or buyers.order_count <= {{ share }} * buyers.total_order_count
