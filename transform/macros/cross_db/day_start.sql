{# The UTC time at which a day of the shop begins. If midnight repeats, engines may return either; callers leave a margin
   of a day. #}
{% macro day_start(day) -%} {{ adapter.dispatch('day_start', 'estore')(day) }} {%- endmacro %}

{% macro default__day_start(day) -%}
    {%- if var('shop_timezone') == 'UTC' -%} cast({{ day }} as timestamp)
    {%- else -%} timezone('UTC', timezone('{{ var("shop_timezone") }}', cast({{ day }} as timestamp)))
    {%- endif -%}
{%- endmacro %}

{% macro bigquery__day_start(day) -%} timestamp({{ day }}, '{{ var("shop_timezone") }}') {%- endmacro %}
