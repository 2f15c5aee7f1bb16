{# Whether a user's id, as text, means a person: not null, undefined and the like, which trackers write where nobody is
   logged in. Such an id has events, sessions and orders, and is no customer. A backslash is no text on every engine. #}
{% macro is_customer(user_id) -%}
    {%- set ids = [] -%}
    {%- for id in var('nobody_ids') -%}
        {%- do ids.append("concat('', '" ~ (id | lower).split('\\') | join("', chr(92), '") ~ "')" if '\\' in id else "'" ~ (id | lower) ~ "'") -%}
    {%- endfor -%}
    {{ 'lower(' ~ user_id ~ ') not in (' ~ ids | join(', ') ~ ')' if ids else user_id ~ ' is not null' }}
{%- endmacro %}
