{# The UTC instant at which the shop's clock shows a full hour of a day. An hour that the clock skips begins with the
   next one; of an hour that comes twice, engines may give either. #}
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
