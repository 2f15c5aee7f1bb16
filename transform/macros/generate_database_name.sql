{# DuckDB keeps the tables of a batch in memory; on BigQuery they are stored with the others. #}
{% macro generate_database_name(custom_database_name=none, node=none) -%}
    {%- if custom_database_name is none or target.type == 'bigquery' -%} {{ target.database }}
    {%- else -%} {{ custom_database_name | trim }}
    {%- endif -%}
{%- endmacro %}
