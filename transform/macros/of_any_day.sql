{# Of the loaded lines, all: said as a bound, since an engine may refuse to read them without one. #}
{% macro of_any_day() -%} event_time >= timestamp '0001-01-01 00:00:00' {%- endmacro %}
