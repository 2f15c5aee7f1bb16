{# Two units bought in one second look like a repeated line. By default they are one; a shop whose
   tracker never repeats itself counts them as units. #}
{% macro counted_quantity() -%}
    {%- if var('repeated_purchases_are_units') -%}
        case when event_type = 'purchase' then quantity * duplicate_count else quantity end
    {%- else -%} quantity
    {%- endif -%}
{%- endmacro %}

{# The quantity of one of the equal rows again. #}
{% macro row_quantity() -%}
    {%- if var('repeated_purchases_are_units') -%}
        case when event_type = 'purchase' then {{ whole_quotient('quantity', 'duplicate_count') }} else quantity end
    {%- else -%} quantity
    {%- endif -%}
{%- endmacro %}
