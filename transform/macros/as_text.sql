{# An id as the marts have it, and all that is made of them. Events, sessions and what is summed up of them may keep it
   as a number or UUID, which an engine groups and joins a third faster: docs/decisions/0018-ids-keep-their-type.md #}
{% macro as_text(id) -%} cast({{ id }} as string) {%- endmacro %}
