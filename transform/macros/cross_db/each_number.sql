{# A table with one row per integer from a first to a last one, in the column `number`. #}
{% macro each_number(first, last) -%} {{ adapter.dispatch('each_number', 'estore')(first, last) }} {%- endmacro %}

{% macro default__each_number(first, last) -%} unnest(generate_series({{ first }}, {{ last }})) as numbers (number) {%- endmacro %}

{% macro bigquery__each_number(first, last) -%} unnest(generate_array({{ first }}, {{ last }})) as number {%- endmacro %}
