{# The first day of the week (Monday) or month of a date. #}
{% macro period_start(grain, day) -%} {{ adapter.dispatch('period_start', 'estore')(grain, day) }} {%- endmacro %}

{% macro default__period_start(grain, day) -%} cast(date_trunc('{{ grain }}', {{ day }}) as date) {%- endmacro %}

{# Computes weeks arithmetically, because emulators and BigQuery differ in date_trunc; dayofweek 1 is Sunday. #}
{% macro bigquery__period_start(grain, day) -%}
    {%- if grain == 'week' -%} date_sub({{ day }}, interval mod(extract(dayofweek from {{ day }}) + 5, 7) day)
    {%- else -%} cast(date_trunc({{ day }}, {{ grain }}) as date)
    {%- endif -%}
{%- endmacro %}
