{# Tables and views that every build replaces, with one statement. dbt's own materialization creates a second table,
   renames both and drops the first. Small builds mostly consist of such statements. #}
{% materialization table, adapter='duckdb' %}
    {{ return(replaced_in_place('table', sql)) }}
{% endmaterialization %}

{% materialization view, adapter='duckdb' %}
    {{ return(replaced_in_place('view', sql)) }}
{% endmaterialization %}

{% macro replaced_in_place(type, sql) %}
    {% set target_relation = this.incorporate(type=type) %}
    {% set existing = load_cached_relation(this) %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if config.get('contract').enforced %} {{ get_assert_columns_equivalent(sql) }} {% endif %}
    {% if existing is not none and existing.type != type %} {{ adapter.drop_relation(existing) }} {% endif %}
    {% call statement('main') %} create or replace {{ type }} {{ target_relation }} as ({{ sql }}) {% endcall %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmacro %}
