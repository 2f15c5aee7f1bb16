{# Revenue of an event: price × quantity for a purchase, 0 for other events. #}
{% macro revenue_amount() -%}
    cast(case when event_type = 'purchase' then price * quantity else 0 end as numeric)
{%- endmacro %}
