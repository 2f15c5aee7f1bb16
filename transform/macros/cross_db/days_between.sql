{# Number of days from one date to a later one. #}
{% macro days_between(first_day, last_day) -%} {{ adapter.dispatch('days_between', 'estore')(first_day, last_day) }} {%- endmacro %}

{% macro default__days_between(first_day, last_day) -%} date_diff('day', {{ first_day }}, {{ last_day }}) {%- endmacro %}

{% macro bigquery__days_between(first_day, last_day) -%} date_diff({{ last_day }}, {{ first_day }}, day) {%- endmacro %}
