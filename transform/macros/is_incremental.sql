{# The same as dbt's own, but `dbt compile --no-introspect` has no connection to check if the table exists. The
   variable assume_built then selects which of the two statements to compile. #}
{% macro is_incremental() %}
    {% if execute and not invocation_args_dict.get('introspect', true) %}
        {{ return(model.config.materialized == 'incremental' and var('assume_built', false)) }}
    {% else %}
        {{ return(dbt.is_incremental()) }}
    {% endif %}
{% endmacro %}
