{# A 64-bit float; dbt.type_float is 32-bit on DuckDB. #}
{% macro as_float(value) -%} {{ adapter.dispatch('as_float', 'estore')(value) }} {%- endmacro %}

{% macro default__as_float(value) -%} cast({{ value }} as double) {%- endmacro %}

{% macro bigquery__as_float(value) -%} cast({{ value }} as float64) {%- endmacro %}
