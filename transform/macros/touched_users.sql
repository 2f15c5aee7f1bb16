{# Whatever is not made day by day, after users were taken away, many came, or the last build of it did not end. #}
{% macro is_made_anew(replaces) -%}
    {{ return(replaces not in ('days', 'sessions', 'buying sessions') and var('all_users') == 'true') }}
{%- endmacro %}

{# Of a table by user: only those whose sessions changed. #}
{% macro of_touched_users() -%}
    {% if is_incremental() and not is_made_anew('users') -%}
    where
        user_id in (
            select user_id
            from {{ ref('int_sessions') }} as sessions
            where {{ reaches_built_days('sessions') }}
        )
    {%- endif %}
{%- endmacro %}

{# Of a table by buyer: only those whose purchases, or the sessions that these lie in, changed. Added lines change
   no order of a session without a purchase; where lines were taken away, the table is made anew. #}
{% macro of_touched_buyers() -%}
    {% if is_incremental() and not is_made_anew('users') -%}
    where
        user_id in (
            select user_id
            from {{ ref('int_buying_sessions') }} as sessions
            where {{ overlaps_built_days('sessions') }}
        )
    {%- endif %}
{%- endmacro %}
