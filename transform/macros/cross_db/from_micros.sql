{# The instant so many microseconds after 1970; dbt.dateadd would return one without a zone on BigQuery. #}
{% macro from_micros(number) -%} {{ adapter.dispatch('from_micros', 'estore')(number) }} {%- endmacro %}

{% macro default__from_micros(number) -%} make_timestamp({{ number }}) {%- endmacro %}

{% macro bigquery__from_micros(number) -%} timestamp_micros({{ number }}) {%- endmacro %}
