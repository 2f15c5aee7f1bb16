{# All loaded rows. It is a filter, because BigQuery may refuse to read the table without one. #}
{% macro of_any_day() -%} event_time >= timestamp '0001-01-01 00:00:00' {%- endmacro %}
