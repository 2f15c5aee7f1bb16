{# Purchases with their session. A source's own order id combines purchases across sessions; without order ids, the
   purchases of a session are one order. sessions: rows of int_buying_sessions, at least those of these purchases. #}
{% macro placed_purchases(purchases, sessions) -%}
    select
        purchases.event_at,
        purchases.user_id,
        coalesce(purchases.order_id, {{ _purchase_session() }}) as order_id,
        {{ _purchase_session() }} as session_id,
        purchases.product_id,
        purchases.quantity,
        purchases.revenue_amount
    from {{ purchases }} as purchases
    left join {{ sessions }} as sessions
        on {{ is_in_session('purchases', 'sessions') }} and {{ is_multi_slot('sessions') }}
{%- endmacro %}

{% macro _purchase_session() -%}
    {{ session_id('purchases', session_began_at('purchases', 'sessions')) }}
{%- endmacro %}
