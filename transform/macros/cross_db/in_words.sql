{# A number in a sentence: whole, with commas between the thousands. #}
{% macro in_words(value) -%} {{ adapter.dispatch('in_words', 'estore')(value) }} {%- endmacro %}

{% macro default__in_words(value) -%} format('{:,}', cast(round({{ value }}) as int64)) {%- endmacro %}

{# BigQuery puts commas where an emulator leaves the apostrophe. #}
{% macro bigquery__in_words(value) -%}
    replace(format("%'d", cast(round({{ value }}) as int64)), "'", ',')
{%- endmacro %}
