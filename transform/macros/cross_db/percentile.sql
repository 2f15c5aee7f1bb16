{# Interpolated percentile as a window function, the only form that both engines support. #}
{% macro percentile(value, share, partition_by) -%} {{ adapter.dispatch('percentile', 'estore')(value, share, partition_by) }} {%- endmacro %}

{% macro default__percentile(value, share, partition_by) -%}
    quantile_cont(cast({{ value }} as double), {{ share }}) over (partition by {{ partition_by }})
{%- endmacro %}

{% macro bigquery__percentile(value, share, partition_by) -%}
    percentile_cont(cast({{ value }} as float64), {{ share }}) over (partition by {{ partition_by }})
{%- endmacro %}
