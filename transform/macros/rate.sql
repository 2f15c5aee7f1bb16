{# A share or mean with its denominator in sight; null, not an error or a zero, where there is nothing to divide by. #}
{% macro rate(numerator, denominator) -%}
    {{ as_float(numerator) }} / nullif({{ as_float(denominator) }}, 0)
{%- endmacro %}
