{# Whatever is not made day by day, after users were taken away, many came, or the last build of it did not end. #}
{% macro is_made_anew(replaces) -%}
    {{ return(replaces not in ('days', 'sessions', 'buying sessions') and var('all_users') == 'true') }}
{%- endmacro %}

{# Of a table by user: only those whose sessions changed. An inner join, and not `in`: so an engine can leave the rows
   of other users unread. id: the user's, as the table has it. #}
{% macro of_touched_users(table, id='user_id') -%}
    {% if is_incremental() and not is_made_anew('users') -%}
    inner join
        (
            select distinct {{ id }} as user_id
            from {{ ref('int_sessions') }} as sessions
            where {{ reaches_batch_days('sessions') }}
        ) as touched
        on {{ table }}.user_id = touched.user_id
    {%- endif %}
{%- endmacro %}

{# Of a table by buyer: only those whose purchases, or the sessions that these lie in, changed. Added lines change
   no order of a session without a purchase; where lines were taken away, the table is made anew. #}
{% macro of_touched_buyers(table) -%}
    {% if is_incremental() and not is_made_anew('users') -%}
    inner join
        (
            select distinct user_id
            from {{ ref('int_buying_sessions') }} as sessions
            where {{ overlaps_batch_days('sessions') }}
        ) as touched
        on {{ table }}.user_id = touched.user_id
    {%- endif %}
{%- endmacro %}
