{# Money that was divided or interpolated, back to a decimal of a tenth of a cent. #}
{% macro as_amount(value) -%}
    cast(round({{ value }}, 3) as numeric)
{%- endmacro %}
