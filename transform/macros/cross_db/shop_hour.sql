{# The hour, 0 to 23, of a UTC time in the shop's time zone. #}
{% macro shop_hour(instant) -%} {{ adapter.dispatch('shop_hour', 'estore')(instant) }} {%- endmacro %}

{% macro default__shop_hour(instant) -%}
    {%- if var('shop_timezone') == 'UTC' -%} cast(extract(hour from {{ instant }}) as bigint)
    {%- else -%} cast(extract(hour from timezone('{{ var("shop_timezone") }}', timezone('UTC', {{ instant }}))) as bigint)
    {%- endif -%}
{%- endmacro %}

{% macro bigquery__shop_hour(instant) -%}
    extract(hour from {{ instant }} at time zone '{{ var("shop_timezone") }}')
{%- endmacro %}
