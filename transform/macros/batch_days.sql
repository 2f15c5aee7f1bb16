{# The days of one batch; see docs/architecture.md, "Increments". All values are literals, so both engines skip
   other days. #}
{% macro in_batch_days(day='event_date') -%}
    {{ day }} between {{ batch_from() }} and {{ batch_to() }}
{%- endmacro %}

{# The same days as times, one day wider on both sides: for tables that are sorted by time, so that engines skip
   other days. #}
{% macro near_batch_days(instant) -%}
    {{ instant }} >= {{ day_start(add_days(batch_from(), -1)) }}
    and {{ instant }} < {{ day_start(add_days(batch_to(), 2)) }}
{%- endmacro %}

{% macro batch_from() -%} date '{{ var("batch_from") }}' {%- endmacro %}

{% macro batch_to() -%} date '{{ var("batch_to") }}' {%- endmacro %}

{# Sessions that overlap the days or are within the timeout of them. #}
{% macro reaches_batch_days(session) -%}
    {{ session }}.session_start_date >= date '{{ var("sessions_from") }}'
    and {{ overlaps_batch_days(session) }}
{%- endmacro %}

{# The same without a literal day as a lower limit. #}
{% macro overlaps_batch_days(session) -%}
    {{ session }}.session_start_at <= timestamp '{{ var("session_window_to") }}'
    and {{ session }}.session_end_at >= timestamp '{{ var("session_window_from") }}'
{%- endmacro %}

{% macro session_timeout_micros() -%} {{ var('session_timeout_minutes') * 60 * 1000000 }} {%- endmacro %}
