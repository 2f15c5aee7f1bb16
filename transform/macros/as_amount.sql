{# Rounds divided or interpolated money to a decimal of a tenth of a cent. #}
{% macro as_amount(value) -%}
    cast(round({{ value }}, 3) as numeric)
{%- endmacro %}
