{% set counts = [
    'session_count', 'bot_session_count', 'sessions_with_view', 'sessions_with_cart', 'sessions_with_purchase',
    'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase', 'sessions_with_view_and_purchase',
] %}

{% set effects = [] %}
{% for rate, x, y in conversion_rates() %}
{% do effects.append(design_effect(rate, x, y, 'grains', 'sums') ~ ' as ' ~ rate ~ '_design_effect') %}
{% endfor %}

with grains as (
    select
        'day' as grain,
        {{ counts | join(', ') }},
        session_start_date
    from {{ ref('int_session_days') }}
    union all
    select
        'overall' as grain,
        {% for count in counts -%}
        cast(coalesce(sum({{ count }}), 0) as int64) as {{ count }},
        {% endfor -%}
        cast(null as date) as session_start_date
    from {{ ref('int_session_days') }}
),

counted as (
    select
        *,
        sessions_with_cart - sessions_with_cart_and_purchase as sessions_with_abandoned_cart
    from grains
),

-- If no session in the data reaches a stage, the source does not send its events, and the rate is unknown.
stages as (
    select
        sessions_with_cart > 0 as has_cart,
        sessions_with_purchase > 0 as has_purchase
    from grains
    where grain = 'overall'
),

spread as (
    select
        grains.grain,
        grains.session_start_date,
        {{ effects | join(', ') }}
    from grains
    inner join {{ ref('int_conversion_spread') }} as sums
        on
            grains.grain = sums.grain
            and coalesce(grains.session_start_date, date '1970-01-01')
            = coalesce(sums.session_start_date, date '1970-01-01')
)

-- A numerator requires both stages: a purchase without a recorded cart must not push a rate above 1.
select
    counted.*,
    {{ share_columns(
        'view_to_cart_rate', 'counted.sessions_with_view_and_cart',
        '(case when stages.has_cart then counted.sessions_with_view end)',
        'coalesce(spread.view_to_cart_design_effect, 1e0)'
    ) }},
    {{ share_columns(
        'cart_to_purchase_rate', 'counted.sessions_with_cart_and_purchase',
        '(case when stages.has_purchase then counted.sessions_with_cart end)',
        'coalesce(spread.cart_to_purchase_design_effect, 1e0)'
    ) }},
    {{ share_columns(
        'view_to_purchase_rate', 'counted.sessions_with_view_and_purchase',
        '(case when stages.has_purchase then counted.sessions_with_view end)',
        'coalesce(spread.view_to_purchase_design_effect, 1e0)'
    ) }},
    {{ share_columns(
        'cart_abandonment_rate', 'counted.sessions_with_abandoned_cart',
        '(case when stages.has_purchase then counted.sessions_with_cart end)',
        'coalesce(spread.cart_to_purchase_design_effect, 1e0)'
    ) }},
    spread.view_to_cart_design_effect,
    spread.cart_to_purchase_design_effect,
    spread.view_to_purchase_design_effect,
    as_of.as_of_date
from counted
cross join stages
left join spread
    on
        counted.grain = spread.grain
        and coalesce(counted.session_start_date, date '1970-01-01')
        = coalesce(spread.session_start_date, date '1970-01-01')
cross join {{ ref('int_as_of') }} as as_of
