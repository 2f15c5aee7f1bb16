{{ config(meta={'replaces': 'cart days'}, on_schema_change='fail') }}

-- A purchase of the same product recovers a cart in any session, so only user and product are compared.
with carts as (
    select
        event_date as cart_date,
        user_id,
        product_id,
        min(event_at) as added_at,
        max(price * quantity) as cart_amount
    from {{ ref('int_cart_events') }}
    where
        event_type = 'cart'
        and event_date between {{ carts_changed_from() }} and {{ batch_to() }}
        and {{ is_customer(as_text('user_id')) }}
    group by event_date, user_id, product_id
),

bought as (
    select
        carts.cart_date,
        carts.user_id,
        carts.product_id,
        min({{ micros_between('carts.added_at', 'purchases.event_at') }}) as micros
    from carts
    inner join {{ ref('int_purchases') }} as purchases
        on
            carts.user_id = purchases.user_id
            and carts.product_id = purchases.product_id
            and carts.added_at <= purchases.event_at
    where
        purchases.event_date >= {{ carts_changed_from() }}
        and purchases.event_date <= {{ add_days(batch_to(), cart_reach_days()) }}
    group by carts.cart_date, carts.user_id, carts.product_id
),

timed as (
    select
        carts.cart_date,
        carts.user_id,
        carts.cart_amount,
        bought.micros,
        {{ percentile(
            "case when bought.micros <= " ~ micros_of_days(var('cart_window_days')) ~ " then bought.micros end",
            0.5, 'carts.cart_date'
        ) }} as median_micros
    from carts
    left join bought
        on
            carts.cart_date = bought.cart_date
            and carts.user_id = bought.user_id
            and carts.product_id = bought.product_id
),

users as (
    select
        cart_date,
        user_id,
        count(*) as cart_count,
        sum(cart_amount) as cart_amount,
        sum(case when micros <= {{ micros_of_days(var('cart_window_days')) }} then cart_amount else 0 end)
            as recovered_amount,
        {% for name, days in recovery_days().items() -%}
        {{ count_if('micros <= ' ~ micros_of_days(days)) }} as {{ name }}_count,
        {% endfor -%}
        max(median_micros) as median_micros
    from timed
    group by cart_date, user_id
)

-- Squares and products show how similar the carts of one customer are.
select
    cart_date,
    count(*) as customer_count,
    cast(sum(cart_count) as int64) as cart_count,
    cast(sum(cart_count * cart_count) as int64) as xx,
    {% for name in recovery_days() -%}
    cast(sum({{ name }}_count) as int64) as {{ name }}_count,
    cast(sum(cart_count * {{ name }}_count) as int64) as {{ name }}_xy,
    cast(sum({{ name }}_count * {{ name }}_count) as int64) as {{ name }}_yy,
    {% endfor -%}
    cast(sum(cart_amount) as numeric) as cart_amount,
    cast(sum(recovered_amount) as numeric) as recovered_amount,
    max(median_micros) / 3600000000 as median_hours_to_purchase
from users
group by cart_date
