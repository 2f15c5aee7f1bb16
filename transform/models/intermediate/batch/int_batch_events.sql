-- The narrow input of all models of a batch, read once: the events of the batch's days, and earlier or later
-- events of sessions that reach into them.
{% set columns = [
    'event_at', 'event_date', 'event_type', 'product_id', 'price', 'quantity', 'order_id', 'user_id',
    'user_session', 'duplicate_count',
] %}

with events as (
    select {{ columns | join(', ') }}
    from {{ ref('stg_events') }}
    where {{ near_batch_days('event_at') }} and {{ in_batch_days() }}
    {% if is_built('int_sessions') %}
    union all
    select events.{{ columns | join(', events.') }}
    from {{ ref('stg_events') }} as events
    inner join {{ source('built', 'int_sessions') }} as sessions
        on {{ is_in_session('events', 'sessions') }}
    where
        events.event_date between date '{{ var("sessions_from") }}' and date '{{ var("sessions_to") }}'
        and events.event_at >= {{ day_start(add_days("date '" ~ var('sessions_from') ~ "'", -1)) }}
        and events.event_at < {{ day_start(add_days("date '" ~ var('sessions_to') ~ "'", 2)) }}
        and not ({{ in_batch_days('events.event_date') }})
        and {{ reaches_batch_days('sessions') }}
        and (
            sessions.session_start_date < {{ batch_from() }}
            or {{ shop_date('sessions.session_end_at') }} > {{ batch_to() }}
        )
    {% endif %}
)

select
    {{ likely_key('user_id, user_session') }} as session_key,
    event_at,
    event_date,
    event_type,
    product_id,
    user_id,
    user_session,
    order_id,
    quantity,
    price,
    {{ revenue_amount() }} as revenue_amount,
    duplicate_count
from events
