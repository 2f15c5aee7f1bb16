{# The date of a UTC time in the shop's time zone. Only this macro converts times to dates. #}
{% macro shop_date(instant) -%} {{ adapter.dispatch('shop_date', 'estore')(instant) }} {%- endmacro %}

{% macro default__shop_date(instant) -%}
    {%- if var('shop_timezone') == 'UTC' -%} cast({{ instant }} as date)
    {%- else -%} cast(timezone('{{ var("shop_timezone") }}', timezone('UTC', {{ instant }})) as date)
    {%- endif -%}
{%- endmacro %}

{% macro bigquery__shop_date(instant) -%} date({{ instant }}, '{{ var("shop_timezone") }}') {%- endmacro %}
