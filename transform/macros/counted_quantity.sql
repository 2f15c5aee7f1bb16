{# Two units bought in one second look like a repeated line. By default they are one; a shop whose
   tracker never repeats itself counts them as units. #}
{% macro counted_quantity(event) -%}
    {%- if var('repeated_purchases_are_units') -%}
        case when {{ event }}.event_type = 'purchase' then {{ event }}.quantity * {{ event }}.duplicate_count
            else {{ event }}.quantity end
    {%- else -%} {{ event }}.quantity
    {%- endif -%}
{%- endmacro %}
