{# The same as dbt's own, except for BigQuery emulators, which cannot read `create table (columns) as select`. The
   contract is still checked against the query. #}
{% macro get_table_columns_and_constraints() -%}
    {%- if not env_var('ESTORE_BIGQUERY_ENDPOINT', '') -%}
        {{ adapter.dispatch('get_table_columns_and_constraints', 'dbt')() }}
    {%- endif -%}
{%- endmacro %}
