{# A suspected bot session, by its own events only: later activity of the user must not change it. #}
{% macro is_bot_suspect(session_events) -%} {{ session_events }} > {{ var('bot_session_events') }} {%- endmacro %}

{# True if a session counts in the funnel rates. #}
{% macro is_counted_session(session_events) -%}
    {%- if var('exclude_bots') -%} not ({{ is_bot_suspect(session_events) }})
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}
