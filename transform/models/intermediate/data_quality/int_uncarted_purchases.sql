{% set bound = var('alert_uncarted_share') %}
{% set week = 'order by day_number range between 3 preceding and 3 following' %}

with days as (
    select
        session_start_date,
        sessions_with_purchase,
        sessions_with_purchase - sessions_with_cart_and_purchase as without_cart,
        sum(sessions_with_cart) over () as cart_count,
        {{ days_between("date '1970-01-01'", 'session_start_date') }} as day_number
    from {{ ref('int_session_days') }}
),

-- A shop without cart events cannot have missing ones. If a day has too few sessions with a purchase, the
-- week around it has more.
around as (
    select
        *,
        sum(sessions_with_purchase) over ({{ week }}) as sessions_of_week,
        sum(without_cart) over ({{ week }}) as without_cart_of_week
    from days
    where cart_count > 0
),

high_days as (
    select *
    from around
    where
        without_cart > {{ bound }} * sessions_with_purchase
        and (
            {{ is_beyond_chance('without_cart', 'sessions_with_purchase', bound) }}
            or {{ is_beyond_chance('without_cart_of_week', 'sessions_of_week', bound) }}
        )
),

{{ incidents('high_days', 'session_start_date') }},

runs as (
    select
        'cart' as subject,
        min(session_start_date) as first_day,
        max(session_start_date) as last_day,
        sum(without_cart) as measured,
        {{ bound }} * sum(sessions_with_purchase) as expected
    from incidents
    group by incident
    having sum(without_cart) >= {{ var('alert_min_sessions') }}
)

select
    {{ day_alert('purchases_without_carts', 'medium', [
        days_in_words('first_day', 'last_day'), "': '", counted_in_words('measured', "'session'"),
        "' purchased without an add-to-cart event, where '", usual_in_words('expected', 'at most'),
        "'. Add-to-cart events are underreported, so cart rates are misleading.'",
    ]) }}
from runs
where {{ is_not_reported_as_missing() }}
