{# A fast 64-bit hash that equal rows share. It only finds candidates, which are then compared in full. #}
{% macro likely_key(columns) -%} {{ adapter.dispatch('likely_key', 'estore')(columns) }} {%- endmacro %}

{% macro default__likely_key(columns) -%} hash({{ columns }}) {%- endmacro %}

{% macro bigquery__likely_key(columns) -%} farm_fingerprint(to_json_string(struct({{ columns }}))) {%- endmacro %}
