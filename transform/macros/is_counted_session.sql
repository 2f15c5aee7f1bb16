{# Suspected to be a bot's, by its own events alone: what its user does later must not change it. #}
{% macro is_bot_suspect(session_events) -%} {{ session_events }} > {{ var('bot_session_events') }} {%- endmacro %}

{# Whether a session counts in the rates of the funnel. #}
{% macro is_counted_session(session_events) -%}
    {%- if var('exclude_bots') -%} not ({{ is_bot_suspect(session_events) }})
    {%- else -%} true
    {%- endif -%}
{%- endmacro %}
