{% set effects = [] %}
{% for name in recovery_days() %}
{% set effect = design_effect(name, 'cart_count', name ~ '_count', 'counted', 'counted') %}
{% do effects.append('coalesce(' ~ effect ~ ', 1e0) as ' ~ name ~ '_design_effect') %}
{% endfor %}

-- A window is over once the data reach past its last day; until then its columns are empty.
with shop as (
    select count(*) > 0 as has_purchases from {{ ref('int_order_days') }}
),

days as (
    select
        carts.*,
        as_of.as_of_date,
        {% for name, days in recovery_days().items() -%}
        {{ add_days('carts.cart_date', days) }} < as_of.as_of_date as is_{{ name }}_complete,
        {% endfor -%}
        shop.has_purchases
    from {{ ref('int_cart_days') }} as carts
    cross join {{ ref('int_as_of') }} as as_of
    cross join shop
),

counted as (
    select
        cart_date,
        cart_count,
        customer_count,
        cart_amount,
        {% for name in recovery_days() -%}
        case when is_{{ name }}_complete then {{ name }}_count end as {{ name }}_count,
        case when is_{{ name }}_complete and has_purchases then cart_count end as {{ name }}_cart_count,
        customer_count as {{ name }}_users,
        xx as {{ name }}_xx,
        {{ name }}_xy,
        {{ name }}_yy,
        {% endfor -%}
        case when is_recovered_complete then recovered_amount end as recovered_amount,
        case when is_recovered_complete then median_hours_to_purchase end as median_hours_to_purchase,
        is_recovered_complete as is_complete,
        as_of_date
    from days
),

effects as (
    select
        *,
        {{ effects | join(', ') }}
    from counted
)

select
    cart_date,
    cart_count,
    customer_count,
    cart_amount,
    {% for name in recovery_days() -%}
    {{ name }}_count,
    {{ share_columns(
        name ~ '_rate', name ~ '_count', name ~ '_cart_count', name ~ '_design_effect'
    ) }},
    {% endfor -%}
    recovered_amount,
    median_hours_to_purchase,
    is_complete,
    as_of_date
from effects
