{# Rows with equal values in these columns are one event. In the last three, two nulls are equal. #}
{% macro event_key() -%}
    event_at, event_type, product_id, user_id, user_session, order_id, quantity, price
{%- endmacro %}

{# The same as a join condition. Engines only join fast by equality, and nulls are never equal, so an impossible
   value replaces null. #}
{% macro is_same_event(row, other) -%}
    {% for column in ['event_at', 'event_type', 'product_id', 'user_id', 'user_session'] -%}
    {{ row }}.{{ column }} = {{ other }}.{{ column }}
    and {% endfor -%}
    coalesce({{ row }}.order_id, '') = coalesce({{ other }}.order_id, '')
    and coalesce({{ row }}.quantity, 0) = coalesce({{ other }}.quantity, 0)
    and coalesce({{ row }}.price, -1) = coalesce({{ other }}.price, -1)
{%- endmacro %}

{# The key as text. The price is an integer in tenths of a cent, because engines write decimals differently. #}
{% macro event_id(event) -%}
    {%- set ids = [event ~ '.product_id', event ~ '.user_id', event ~ '.user_session'] -%}
    {{ hash_id(['event_type'] + ids + ["coalesce(order_id, '')"],
        'cast(' ~ row_quantity() ~ ' as string), ' ~ "'|', "
        ~ "coalesce(cast(cast(price * 1000 as int64) as string), ''), '|', "
        ~ 'cast(' ~ epoch_micros('event_at') ~ ' as string)') }}
{%- endmacro %}
