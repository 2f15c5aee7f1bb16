{# Two units bought in one second look like a duplicate row. By default they count once. A shop whose tracker never
   logs twice can count them as units. #}
{% macro counted_quantity() -%}
    {%- if var('repeated_purchases_are_units') -%}
        case when event_type = 'purchase' then quantity * duplicate_count else quantity end
    {%- else -%} quantity
    {%- endif -%}
{%- endmacro %}

{# The quantity of one of the duplicate rows. #}
{% macro row_quantity() -%}
    {%- if var('repeated_purchases_are_units') -%}
        case when event_type = 'purchase' then {{ whole_quotient('quantity', 'duplicate_count') }} else quantity end
    {%- else -%} quantity
    {%- endif -%}
{%- endmacro %}
