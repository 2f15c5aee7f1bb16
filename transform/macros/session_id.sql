{# A session's id: of its user, the tracker's session and the slot of time in which it begins. A slot is as
   long as the timeout, so no two sessions of one key begin in the same, and none is renamed because of
   another; and most events lie in the slot in which their session began, so that they tell it themselves. #}
{% macro session_id(of, began_at) -%}
    {{ hash_id([of ~ '.user_id', of ~ '.user_session'], 'cast(' ~ session_slot(began_at) ~ ' as string)') }}
{%- endmacro %}

{# Counted from the year 1, so that it is never negative. #}
{% macro session_slot(instant) -%}
    {{ whole_quotient(epoch_micros(instant) ~ ' + 62135596800000000', session_timeout_micros()) }}
{%- endmacro %}

{# When the session of an event began, or another instant of the same slot. #}
{% macro session_began_at(event, spread_session) -%}
    coalesce({{ spread_session }}.session_start_at, {{ event }}.event_at)
{%- endmacro %}

{# Whether a session goes on into another slot than it began in: its later events cannot tell by themselves
   when that was. #}
{% macro is_multi_slot(session) -%}
    {{ session_slot(session ~ '.session_end_at') }} > {{ session_slot(session ~ '.session_start_at') }}
{%- endmacro %}

{% macro lies_in_session(event, session) -%}
    {{ event }}.user_id = {{ session }}.user_id
    and {{ event }}.user_session = {{ session }}.user_session
    and {{ event }}.event_at between {{ session }}.session_start_at and {{ session }}.session_end_at
{%- endmacro %}
