{# The UTC time at which an hour of a day begins in the shop's time zone. An hour that the clock skips begins with the
   next one. If an hour repeats, engines may return either. #}
{% macro hour_start(day, hour) -%} {{ adapter.dispatch('hour_start', 'estore')(day, hour) }} {%- endmacro %}

{% macro default__hour_start(day, hour) -%}
    {%- set clock = 'cast(' ~ day ~ ' as timestamp) + to_hours(cast(' ~ hour ~ ' as integer))' -%}
    {%- if var('shop_timezone') == 'UTC' -%} ({{ clock }})
    {%- else -%} timezone('UTC', timezone('{{ var("shop_timezone") }}', {{ clock }}))
    {%- endif -%}
{%- endmacro %}

{% macro bigquery__hour_start(day, hour) -%}
    timestamp(datetime_add(datetime({{ day }}), interval {{ hour }} hour), '{{ var("shop_timezone") }}')
{%- endmacro %}
