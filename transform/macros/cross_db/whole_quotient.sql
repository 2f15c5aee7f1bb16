{# Integer division. #}
{% macro whole_quotient(number, divisor) -%} {{ adapter.dispatch('whole_quotient', 'estore')(number, divisor) }} {%- endmacro %}

{% macro default__whole_quotient(number, divisor) -%} (({{ number }}) // {{ divisor }}) {%- endmacro %}

{# Has its own parentheses, because an emulator that translates it to an operator would lose them. #}
{% macro bigquery__whole_quotient(number, divisor) -%} div(({{ number }}), {{ divisor }}) {%- endmacro %}
