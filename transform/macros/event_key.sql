{# Rows that are equal in these columns are one event. The last three are equal where both are null. #}
{% macro event_key() -%}
    event_at, event_type, product_id, user_id, user_session, order_id, quantity, price
{%- endmacro %}

{# The same as a condition of a join. An engine joins fast only by equality, which nulls never have: so a value
   that no row has takes the place of null. #}
{% macro is_same_event(row, other) -%}
    {% for column in ['event_at', 'event_type', 'product_id', 'user_id', 'user_session'] -%}
    {{ row }}.{{ column }} = {{ other }}.{{ column }}
    and {% endfor -%}
    coalesce({{ row }}.order_id, '') = coalesce({{ other }}.order_id, '')
    and coalesce({{ row }}.quantity, 0) = coalesce({{ other }}.quantity, 0)
    and coalesce({{ row }}.price, -1) = coalesce({{ other }}.price, -1)
{%- endmacro %}

{# The key as text. The price is a whole number of tenths of a cent, because engines write decimals differently. #}
{% macro event_id(event) -%}
    {%- set ids = [event ~ '.product_id', event ~ '.user_id', event ~ '.user_session'] -%}
    {{ hash_id(['event_type'] + ids + ["coalesce(order_id, '')"],
        'cast(' ~ row_quantity() ~ ' as string), ' ~ "'|', "
        ~ "coalesce(cast(cast(price * 1000 as int64) as string), ''), '|', "
        ~ 'cast(' ~ epoch_micros('event_at') ~ ' as string)') }}
{%- endmacro %}
