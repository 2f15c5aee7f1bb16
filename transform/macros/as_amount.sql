{# Money that was divided or interpolated, back to a decimal: both engines then hold the same digits. #}
{% macro as_amount(value) -%}
    cast(round({{ value }}, 3) as numeric)
{%- endmacro %}
