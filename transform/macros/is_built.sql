{# Whether a table of the schema `built` was there as this run of dbt began: for a model that it is itself made of. #}
{% macro is_built(name) %}
    {{ return(is_there(source('built', name))) }}
{% endmacro %}

{# Without a connection to ask, as is_incremental. #}
{% macro is_there(relation) %}
    {% if execute and not invocation_args_dict.get('introspect', true) %}
        {{ return(var('assume_built', false)) }}
    {% else %}
        {{ return(execute and load_cached_relation(relation) is not none) }}
    {% endif %}
{% endmacro %}
