{# A session's id, from its user, the tracker session and the time slot in which it begins. A slot is as long as the
   timeout, so two sessions of one key never begin in the same slot, and no session changes another's id. Most events
   are in the slot in which their session began, so they give the id themselves. #}
{% macro session_id(of, began_at) -%}
    {{ hash_id([of ~ '.user_id', of ~ '.user_session'], 'cast(' ~ session_slot(began_at) ~ ' as string)') }}
{%- endmacro %}

{# Counted from year 1, so it is never negative. #}
{% macro session_slot(instant) -%}
    {{ whole_quotient(epoch_micros(instant) ~ ' + 62135596800000000', session_timeout_micros()) }}
{%- endmacro %}

{# The start of an event's session, or another time in the same slot. #}
{% macro session_began_at(event, spread_session) -%}
    coalesce({{ spread_session }}.session_start_at, {{ event }}.event_at)
{%- endmacro %}

{# True if a session continues into a later slot. Its later events do not show by themselves when it began. #}
{% macro is_multi_slot(session) -%}
    {{ session_slot(session ~ '.session_end_at') }} > {{ session_slot(session ~ '.session_start_at') }}
{%- endmacro %}

{% macro is_in_session(event, session) -%}
    {{ event }}.user_id = {{ session }}.user_id
    and {{ event }}.user_session = {{ session }}.user_session
    and {{ event }}.event_at between {{ session }}.session_start_at and {{ session }}.session_end_at
{%- endmacro %}
