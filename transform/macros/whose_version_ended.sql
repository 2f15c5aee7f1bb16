{# Of the buyers that a snapshot is told of, those whose checked columns differ from the version that it keeps, and
   those it does not know. It would find the others unchanged, but hash every one of them twice first. #}
{% macro whose_version_ended() -%}
    {% if is_there(this) -%}
    where
        not exists (
            select 1
            from {{ this }} as kept
            where
                kept.dbt_valid_to is null
                and kept.user_id = buyers.user_id
                {% for column in config.get('check_cols') -%}
                and kept.{{ column }} = buyers.{{ column }}
                {% endfor %}
        )
    {%- endif %}
{%- endmacro %}
