{# A number in a sentence: rounded, with thousands separators. #}
{% macro in_words(value) -%} {{ adapter.dispatch('in_words', 'estore')(value) }} {%- endmacro %}

{% macro default__in_words(value) -%} format('{:,}', cast(round({{ value }}) as int64)) {%- endmacro %}

{# BigQuery writes commas, an emulator leaves the apostrophes. #}
{% macro bigquery__in_words(value) -%}
    replace(format("%'d", cast(round({{ value }}) as int64)), "'", ',')
{%- endmacro %}
