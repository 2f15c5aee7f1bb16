{# What an event earned: price × quantity of a purchase, 0 of anything else. #}
{% macro revenue_amount() -%}
    cast(case when event_type = 'purchase' then price * quantity else 0 end as numeric)
{%- endmacro %}
