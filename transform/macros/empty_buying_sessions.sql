{# Sessions read this table as the previous batch left it. After an interrupted first batch, it may not exist. #}
{% macro empty_buying_sessions() -%}
    create table if not exists {{ source('built', 'int_buying_sessions') }} as
    select user_id, user_session, session_start_at, session_end_at, own_order_at
    from {{ ref('int_batch_keys') }}
    where false
{%- endmacro %}
