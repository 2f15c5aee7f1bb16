{# True for all tables not built by day, if users were removed, many were added, or their last build did not finish. #}
{% macro is_rebuilt(replaces) -%}
    {{ return(replaces not in ('days', 'sessions', 'buying sessions') and var('all_users') == 'true') }}
{%- endmacro %}

{# Limits a table by user to users with changed sessions. An inner join instead of `in` lets the engine skip the rows of
   other users. id: the user's id in the table. #}
{% macro of_touched_users(table, id='user_id') -%}
    {% if is_incremental() and not is_rebuilt('users') -%}
    inner join
        (
            select distinct {{ id }} as user_id
            from {{ ref('int_sessions') }} as sessions
            where {{ reaches_batch_days('sessions') }}
        ) as touched
        on {{ table }}.user_id = touched.user_id
    {%- endif %}
{%- endmacro %}

{# Limits a table by buyer to buyers whose purchases, or sessions with purchases, changed. Added rows change no order of
   a session without a purchase. If rows were removed, the table is rebuilt. #}
{% macro of_touched_buyers(table) -%}
    {% if is_incremental() and not is_rebuilt('users') -%}
    inner join
        (
            select distinct user_id
            from {{ ref('int_buying_sessions') }} as sessions
            where {{ overlaps_batch_days('sessions') }}
        ) as touched
        on {{ table }}.user_id = touched.user_id
    {%- endif %}
{%- endmacro %}
