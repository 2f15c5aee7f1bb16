{# Rows for which a condition holds; 0, not null, where it holds for none. #}
{% macro count_if(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}
