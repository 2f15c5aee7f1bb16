{# An incremental model replaces the rows of its batch in one transaction. meta `replaces` names these rows: the batch's
   days; sessions (or those with a purchase) that reach into them; users with such sessions; months of the days; months
   that end later; days of carts that these days may recover; sessions or (column in meta `day`) days from the first change on, in a cube also the cells of products
   with changed groups; or all. #}

{# If there are no rows to replace, new rows are inserted directly, without a second copy. #}
{% materialization incremental, adapter='duckdb' %}
    {% set target_relation = this.incorporate(type='table') %}
    {% set replaces = config.meta_require('replaces') %}
    {% set is_new = load_cached_relation(this) is none or should_full_refresh() or is_rebuilt(replaces) %}
    {% set arrivals = make_temp_relation(this).include(database=false, schema=false) %}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if config.get('contract').enforced %} {{ get_assert_columns_equivalent(sql) }} {% endif %}

    {% if is_new %}
        {% call statement('main') %} create or replace table {{ target_relation }} as ({{ sql }}) {% endcall %}
    {% elif not run_query('select 1 from ' ~ this ~ ' where ' ~ not_before(replaces) ~ ' limit 1').rows %}
        {% call statement('main') %} insert into {{ this }} by name ({{ sql }}) {% endcall %}
    {% else %}
        {% call statement('arrivals') %} create or replace temp table {{ arrivals }} as ({{ sql }}) {% endcall %}
        {% call statement('removal') %} delete from {{ this }} where {{ replaced_rows(replaces, arrivals) }} {% endcall %}
        {% call statement('main') %} insert into {{ this }} by name (select * from {{ arrivals }}) {% endcall %}
        {% call statement('clearing') %} drop table {{ arrivals }} {% endcall %}
    {% endif %}

    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [target_relation]}) }}
{% endmaterialization %}

{# Does not use insert_overwrite, which would drop unchanged sessions of a changed day, and keep a day whose
   events were all withdrawn. #}
{% materialization incremental, adapter='bigquery' %}
    {% set existing = load_relation(this) %}
    {% set partition = adapter.parse_partition_by(config.get('partition_by')) %}

    {{ run_hooks(pre_hooks) }}

    {% if existing is none or should_full_refresh() or is_rebuilt(config.meta_require('replaces')) %}
        {% if existing is not none and not adapter.is_replaceable(existing, partition, config.get('cluster_by')) %}
            {{ adapter.drop_relation(existing) }}
        {% endif %}
        {% call statement('main') %} {{ create_table_as(False, this, sql) }} {% endcall %}
    {% else %}
        {% if config.get('contract').enforced %} {{ get_assert_columns_equivalent(sql) }} {% endif %}
        {% set columns = adapter.get_columns_in_relation(existing) | map(attribute='name') | join(', ') %}
        {% call statement('main') %}
            create or replace temp table arrivals as ({{ sql }});
            begin transaction;
            delete from {{ this }}
            where {{ replaced_rows(config.meta_require('replaces'), 'arrivals') }};
            insert into {{ this }} ({{ columns }}) select {{ columns }} from arrivals;
            commit transaction;
        {% endcall %}
    {% endif %}

    {{ run_hooks(post_hooks) }}
    {% do persist_docs(this, model) %}
    {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}

{# Sessions of later days are inserted again if an earlier order of their user changed. #}
{% macro replaced_rows(replaces, arrivals) -%}
    {%- if replaces == 'days' -%} {{ in_batch_days() }}
    {%- elif replaces == 'sessions' -%}
        ({{ reaches_batch_days(this.identifier) }})
        or (
            session_start_at > timestamp '{{ var("session_window_to") }}'
            and session_start_date >= date '{{ var("sessions_from") }}'
            and exists (
                select 1
                from {{ arrivals }} as arrivals
                where
                    arrivals.user_id = {{ this.identifier }}.user_id
                    and arrivals.user_session = {{ this.identifier }}.user_session
                    and arrivals.session_start_at = {{ this.identifier }}.session_start_at
            )
        )
    {%- elif replaces == 'buying sessions' -%} {{ overlaps_batch_days(this.identifier) }}
    {%- elif replaces == 'users' -%} user_id in (select user_id from {{ arrivals }})
    {%- elif replaces == 'changed months' -%}
        month_start >= {{ first_changed_month() }} and month_start < {{ end_of_changed_months() }}
    {%- elif replaces == 'later months' -%} month_end_date in (select month_end_date from {{ arrivals }})
    {%- elif replaces == 'later sessions' -%} session_start_date >= {{ sessions_changed_from() }}
    {%- elif replaces == 'cart days' -%} cart_date between {{ carts_changed_from() }} and {{ batch_to() }}
    {%- elif replaces == 'later days' -%} {{ config.meta_require('day') }} >= {{ changed_from() }}
    {%- elif replaces == 'later days and names' -%}
        {{ config.meta_require('day') }} >= {{ changed_from() }} or {{ is_changed_cell(this.identifier) }}
    {%- elif replaces == 'all' -%} true
    {%- else -%} {{ exceptions.raise_compiler_error("an incremental model cannot replace " ~ replaces) }}
    {%- endif -%}
{%- endmacro %}

{# Rows on or after the batch's days. If there are none, no rows need to be replaced. #}
{% macro not_before(replaces) -%}
    {%- if replaces == 'days' -%} event_date >= {{ batch_from() }}
    {%- elif replaces in ('users', 'changed months', 'later months', 'later days and names', 'all') -%} true
    {%- elif replaces == 'later sessions' -%} session_start_date >= {{ sessions_changed_from() }}
    {%- elif replaces == 'cart days' -%} cart_date >= {{ carts_changed_from() }}
    {%- elif replaces == 'later days' -%} {{ config.meta_require('day') }} >= {{ changed_from() }}
    {%- else -%} session_end_at >= timestamp '{{ var("session_window_from") }}'
    {%- endif -%}
{%- endmacro %}
