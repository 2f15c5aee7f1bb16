{# The first day on which an order or a buyer's attributes may differ from the last build. Tables by day replace it and
   all later days. It is a literal, so no other day is read. #}
{% macro changed_from() -%} date '{{ var("changed_from") }}' {%- endmacro %}

{# The same for sessions, which also change without a purchase. A session may begin before the changed days. #}
{% macro sessions_changed_from() -%} date '{{ [var("sessions_from"), var("changed_from")] | min }}' {%- endmacro %}

{# The last day of the month before a day. A buyer's segment on that day is as of this date. #}
{% macro month_end_before(day) -%} {{ add_days(period_start('month', day), -1) }} {%- endmacro %}

{# True for a cube cell that a product left or joined since the last build, on any day. #}
{% macro is_changed_cell(cell) -%}
    exists (
        select 1
        from {{ ref('int_changed_cube_cells') }} as renamed
        where {{ cell }}.category = renamed.category and {{ cell }}.brand = renamed.brand
    )
{%- endmacro %}

{# Rows of a table for a cube by product group: all rows of changed days, and on other days the rows of some products.
   The two parts are separate, so the engine does not look up the product of every row on other days.
   products: a query for the ids of products with changed cells. #}
{% macro of_changed_days_or_products(table, day, products) -%}
    select *
    from {{ table }}
    where {{ day }} >= {{ changed_from() }}
    union all
    select *
    from {{ table }}
    where {{ day }} < {{ changed_from() }} and product_id in ({{ products }})
{%- endmacro %}
