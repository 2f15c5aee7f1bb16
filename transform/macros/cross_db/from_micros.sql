{# The time from microseconds since 1970; dbt.dateadd returns one without a time zone on BigQuery. #}
{% macro from_micros(number) -%} {{ adapter.dispatch('from_micros', 'estore')(number) }} {%- endmacro %}

{% macro default__from_micros(number) -%} make_timestamp({{ number }}) {%- endmacro %}

{% macro bigquery__from_micros(number) -%} timestamp_micros({{ number }}) {%- endmacro %}
