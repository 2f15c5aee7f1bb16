{# The whole part of a quotient of whole numbers. #}
{% macro whole_quotient(number, divisor) -%} {{ adapter.dispatch('whole_quotient', 'estore')(number, divisor) }} {%- endmacro %}

{% macro default__whole_quotient(number, divisor) -%} (({{ number }}) // {{ divisor }}) {%- endmacro %}

{# Its own brackets: an emulator that makes an operator of it would lose them. #}
{% macro bigquery__whole_quotient(number, divisor) -%} div(({{ number }}), {{ divisor }}) {%- endmacro %}
