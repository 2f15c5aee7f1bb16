{# Number of rows that meet a condition; 0, not null, if there are none. #}
{% macro count_if(condition) -%}
    count(case when {{ condition }} then 1 end)
{%- endmacro %}
