{# True if a user id, as text, is not a placeholder such as null or undefined, which trackers write for visitors who are
   not logged in. A placeholder id has events, sessions and orders, but is no customer. Backslashes need escaping. #}
{% macro is_customer(user_id) -%}
    {%- set ids = [] -%}
    {%- for id in var('nobody_ids') -%}
        {%- do ids.append("concat('', '" ~ (id | lower).split('\\') | join("', chr(92), '") ~ "')" if '\\' in id else "'" ~ (id | lower) ~ "'") -%}
    {%- endfor -%}
    {{ 'lower(' ~ user_id ~ ') not in (' ~ ids | join(', ') ~ ')' if ids else user_id ~ ' is not null' }}
{%- endmacro %}
