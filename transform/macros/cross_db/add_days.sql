{# Adds days to a date; dbt.dateadd returns a timestamp on DuckDB. #}
{% macro add_days(day, days) -%} {{ adapter.dispatch('add_days', 'estore')(day, days) }} {%- endmacro %}

{% macro default__add_days(day, days) -%} cast({{ day }} + to_days(cast({{ days }} as integer)) as date) {%- endmacro %}

{% macro bigquery__add_days(day, days) -%} date_add({{ day }}, interval {{ days }} day) {%- endmacro %}
