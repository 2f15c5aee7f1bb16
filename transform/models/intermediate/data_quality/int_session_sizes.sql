-- Events of a session come together, so the variation of a count depends on the number of sessions.
with sessions as (
    select
        sum(session_count + bot_session_count) as session_count,
        sum(sessions_with_view) as sessions_with_view,
        sum(sessions_with_cart) as sessions_with_cart,
        sum(sessions_with_purchase) as sessions_with_purchase,
        sum(view_count) as view_count
    from {{ ref('int_session_cells') }}
),

events as (
    select
        sum(event_count) as event_count,
        sum(cart_add_count) as cart_add_count,
        sum(purchase_count) as purchase_count
    from {{ ref('int_day_sums') }}
)

{% for subject, of_events, of_sessions in [
    ('event', 'events.event_count', 'session_count'), ('view', 'sessions.view_count', 'sessions_with_view'),
    ('cart', 'events.cart_add_count', 'sessions_with_cart'),
    ('purchase', 'events.purchase_count', 'sessions_with_purchase'),
] -%}
select
    '{{ subject }}' as subject,
    greatest(1, coalesce({{ rate(of_events, 'sessions.' ~ of_sessions) }}, 1)) as events_per_session
from events
cross join sessions
{{ 'union all' if not loop.last }}
{% endfor %}
