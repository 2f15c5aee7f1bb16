{# The first day of the week (Monday) or month that a day lies in. #}
{% macro period_start(grain, day) -%} {{ adapter.dispatch('period_start', 'estore')(grain, day) }} {%- endmacro %}

{% macro default__period_start(grain, day) -%} cast(date_trunc('{{ grain }}', {{ day }}) as date) {%- endmacro %}

{% macro bigquery__period_start(grain, day) -%} date_trunc({{ day }}, {{ 'isoweek' if grain == 'week' else grain }}) {%- endmacro %}
