{# Limits the input of a snapshot to buyers whose checked columns differ from the stored version, and to new buyers. The
   snapshot would find the others unchanged too, but would first hash each of them twice. #}
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
