{# The totals of a session's events. own_order_at: purchases without an order id are one order. #}
{% macro session_sums() %}
    min(event_at) as session_start_at,
    max(event_at) as session_end_at,
    count(*) as event_count,
    {{ count_if("event_type = 'view'") }} as view_count,
    {{ count_if("event_type = 'cart'") }} as cart_add_count,
    {{ count_if("event_type = 'purchase'") }} as purchase_count,
    cast(sum(case when event_type = 'purchase' then quantity else 0 end) as int64) as item_count,
    cast(sum(revenue_amount) as numeric) as revenue_amount,
    min(case when event_type = 'purchase' and order_id is null then event_at end) as own_order_at
{% endmacro %}
