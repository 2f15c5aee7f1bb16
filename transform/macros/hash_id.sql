{# A text id from a row's own columns: 80 bits of md5. Lengths keep ('a|b','c') apart from ('a','b|c'). #}
{% macro hash_id(texts, ending) -%}
    substr({{ dbt.hash("concat(" ~ _id_parts(texts) ~ ", " ~ ending ~ ")") }}, 1, 20)
{%- endmacro %}

{% macro _id_parts(texts) -%}
    {%- for text in texts -%}
        {%- set id = as_text(text) -%}
        cast(length({{ id }}) as string), ':', {{ id }}, '|' {%- if not loop.last %}, {% endif -%}
    {%- endfor -%}
{%- endmacro %}
