{% set counts = [
    'session_count', 'robot_session_count', 'sessions_with_view', 'sessions_with_cart', 'sessions_with_purchase',
    'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase', 'sessions_with_view_and_purchase',
] %}

with sessions as (
    select
        session_start_date,
        {{ is_robot_suspect('event_count') }} as is_robot_suspect,
        {{ is_counted_session('event_count') }} as is_counted,
        view_count > 0 as reached_view,
        cart_add_count > 0 as reached_cart,
        purchase_count > 0 as reached_purchase
    from {{ ref('int_sessions') }}
),

days as (
    select
        session_start_date,
        {{ count_if('is_counted') }} as session_count,
        {{ count_if('is_robot_suspect') }} as robot_session_count,
        {{ count_if('is_counted and reached_view') }} as sessions_with_view,
        {{ count_if('is_counted and reached_cart') }} as sessions_with_cart,
        {{ count_if('is_counted and reached_purchase') }} as sessions_with_purchase,
        {{ count_if('is_counted and reached_view and reached_cart') }} as sessions_with_view_and_cart,
        {{ count_if('is_counted and reached_cart and reached_purchase') }} as sessions_with_cart_and_purchase,
        {{ count_if('is_counted and reached_view and reached_purchase') }} as sessions_with_view_and_purchase
    from sessions
    group by session_start_date
),

grains as (
    select
        'day' as grain,
        {{ counts | join(', ') }},
        session_start_date
    from days
    union all
    select
        'overall' as grain,
        {% for count in counts -%}
        cast(coalesce(sum({{ count }}), 0) as int64) as {{ count }},
        {% endfor -%}
        cast(null as date) as session_start_date
    from days
),

counted as (
    select
        *,
        sessions_with_cart - sessions_with_cart_and_purchase as sessions_with_abandoned_cart
    from grains
)

-- Both stages in a numerator: a purchase without a logged cart must not push a rate above 1.
select
    counted.*,
    {{ share_columns(
        'view_to_cart_rate', 'counted.sessions_with_view_and_cart', 'counted.sessions_with_view'
    ) }},
    {{ share_columns(
        'cart_to_purchase_rate', 'counted.sessions_with_cart_and_purchase', 'counted.sessions_with_cart'
    ) }},
    {{ share_columns(
        'view_to_purchase_rate', 'counted.sessions_with_view_and_purchase', 'counted.sessions_with_view'
    ) }},
    {{ share_columns(
        'cart_abandonment_rate', 'counted.sessions_with_abandoned_cart', 'counted.sessions_with_cart'
    ) }},
    as_of.as_of_date
from counted
cross join {{ ref('int_as_of') }} as as_of
