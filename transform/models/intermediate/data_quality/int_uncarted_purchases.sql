-- The interval's lower end: few sessions must differ much to differ at all.
with high_days as (
    select
        session_start_date,
        sessions_with_purchase,
        sessions_with_purchase - sessions_with_cart_and_purchase as without_cart,
        {{ run_of_days('session_start_date') }} as run
    from {{ ref('int_session_days') }}
    where
        {{ wilson_bound(
            '(sessions_with_purchase - sessions_with_cart_and_purchase)', 'sessions_with_purchase', '-'
        ) }} > {{ var('alert_uncarted_share') }}
),

runs as (
    select
        'cart' as subject,
        min(session_start_date) as first_day,
        max(session_start_date) as last_day,
        sum(without_cart) as measured,
        {{ var('alert_uncarted_share') }} * sum(sessions_with_purchase) as expected
    from high_days
    group by run
)

select
    {{ day_alert('purchases_without_carts', 'medium', [
        days_in_words('first_day', 'last_day'), "': '", counted_in_words('measured', "'session'"),
        "' bought without putting anything in a cart, where '", usual_in_words('expected', 'at most'),
        "': carts are under-reported, and rates of carts mislead.'",
    ]) }}
from runs
where {{ is_not_told_as_missing() }}
