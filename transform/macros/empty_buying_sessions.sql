{# Sessions look up the table as the step before left it; after a first step that broke off there may be none. #}
{% macro empty_buying_sessions() -%}
    create table if not exists {{ source('built', 'int_buying_sessions') }} (
        user_id string, user_session string,
        session_start_at timestamp, session_end_at timestamp, own_order_at timestamp
    )
{%- endmacro %}
