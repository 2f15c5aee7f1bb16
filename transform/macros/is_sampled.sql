{# One value in 64: enough to detect the failure of a property that the model itself guarantees. #}
{% macro is_sampled(column) -%} mod({{ likely_key(column) }}, 64) = 0 {%- endmacro %}
