{# What one build step covers; see docs/architecture.md, "Increments". All are literals, so that both
   engines skip the days that are not asked for. #}
{% macro in_built_days(day='event_date') -%}
    {{ day }} between {{ built_from() }} and {{ built_to() }}
{%- endmacro %}

{# The same days as instants, a day wider on both sides: for tables that are laid out by instant, whose
   other days are then skipped unread. #}
{% macro near_built_days(instant) -%}
    {{ instant }} >= {{ day_start(add_days(built_from(), -1)) }}
    and {{ instant }} < {{ day_start(add_days(built_to(), 2)) }}
{%- endmacro %}

{% macro built_from() -%} date '{{ var("built_from") }}' {%- endmacro %}

{% macro built_to() -%} date '{{ var("built_to") }}' {%- endmacro %}

{# Sessions that overlap the days, or lie within the timeout of them. #}
{% macro reaches_built_days(session) -%}
    {{ session }}.session_start_date >= date '{{ var("sessions_from") }}'
    and {{ overlaps_built_days(session) }}
{%- endmacro %}

{# The same without the help of a day to read from. #}
{% macro overlaps_built_days(session) -%}
    {{ session }}.session_start_at <= timestamp '{{ var("reach_to") }}'
    and {{ session }}.session_end_at >= timestamp '{{ var("reach_from") }}'
{%- endmacro %}

{% macro session_timeout_micros() -%} {{ var('session_timeout_minutes') * 60 * 1000000 }} {%- endmacro %}
