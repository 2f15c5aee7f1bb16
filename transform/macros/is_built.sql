{# True if a table of the source `built` existed when this dbt run began, for models that depend on their own result. #}
{% macro is_built(name) %}
    {{ return(is_there(source('built', name))) }}
{% endmacro %}

{# Works without a connection, as is_incremental does. #}
{% macro is_there(relation) %}
    {% if execute and not invocation_args_dict.get('introspect', true) %}
        {{ return(var('assume_built', false)) }}
    {% else %}
        {{ return(execute and load_cached_relation(relation) is not none) }}
    {% endif %}
{% endmacro %}
