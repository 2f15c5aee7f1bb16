{# An id as text, as the marts and all later layers have it. Events, sessions and their totals may keep a number or UUID,
   which an engine groups and joins a third faster: docs/decisions/0018-ids-keep-their-type.md #}
{% macro as_text(id) -%} cast({{ id }} as string) {%- endmacro %}
