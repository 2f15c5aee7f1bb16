{# A share or average; null, not an error or zero, if the denominator is 0. #}
{% macro rate(numerator, denominator) -%}
    {{ as_float(numerator) }} / nullif({{ as_float(denominator) }}, 0)
{%- endmacro %}
