{# One value in 64: enough to notice where a property fails that the model itself makes sure of. #}
{% macro is_sampled(column) -%} mod({{ likely_key(column) }}, 64) = 0 {%- endmacro %}
