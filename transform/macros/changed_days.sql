{# The first day on which an order, or what was known of a buyer, may differ from the last build: tables
   that keep such things by day replace it and all later ones. A literal, so that no other day is read. #}
{% macro changed_from() -%} date '{{ var("changed_from") }}' {%- endmacro %}

{# The same of sessions, which also change where nothing was bought: one may begin before the days do. #}
{% macro sessions_changed_from() -%} date '{{ [var("sessions_from"), var("changed_from")] | min }}' {%- endmacro %}

{# The last day of the month before a day: as of which the segment of a buyer is known on that day. #}
{% macro month_end_before(day) -%} {{ add_days(period_start('month', day), -1) }} {%- endmacro %}

{# A cell of a cube that a product has left or come to since the last build, on whatever day. #}
{% macro is_changed_cell(cell) -%}
    exists (
        select 1
        from {{ ref('int_changed_cube_cells') }} as renamed
        where {{ cell }}.category = renamed.category and {{ cell }}.brand = renamed.brand
    )
{%- endmacro %}

{# The rows of a table for a cube by names of products: of the days that changed, and of all other days those of some
   products. Apart, or an engine would look up the product of every other day too.
   products: a query for the ids of those whose cells changed. #}
{% macro of_changed_days_or_products(table, day, products) -%}
    select *
    from {{ table }}
    where {{ day }} >= {{ changed_from() }}
    union all
    select *
    from {{ table }}
    where {{ day }} < {{ changed_from() }} and product_id in ({{ products }})
{%- endmacro %}
