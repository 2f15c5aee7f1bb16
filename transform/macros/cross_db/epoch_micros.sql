{# A time as microseconds since 1970: exact differences, and the same text on every engine. #}
{% macro epoch_micros(instant) -%} {{ adapter.dispatch('epoch_micros', 'estore')(instant) }} {%- endmacro %}

{% macro default__epoch_micros(instant) -%} epoch_us({{ instant }}) {%- endmacro %}

{% macro bigquery__epoch_micros(instant) -%} unix_micros({{ instant }}) {%- endmacro %}
