{# A model's folder is its schema. On BigQuery, the datasets of one shop share a prefix. #}
{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- if custom_schema_name is none -%} {{ target.schema }}
    {%- elif target.type == 'bigquery' -%} {{ target.schema }}_{{ custom_schema_name | trim }}
    {%- else -%} {{ custom_schema_name | trim }}
    {%- endif -%}
{%- endmacro %}
