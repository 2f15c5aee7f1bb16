{{ config(materialized='incremental', meta={'replaces': 'all'}, on_schema_change='fail') }}

-- What the cubes called each product when they were built last: the cells of both names change with it.
with before as (
    {% if is_incremental() and not is_made_anew('all') -%}
    select
        product_id,
        category,
        subcategory,
        brand
    from {{ this }}
    {%- else -%}
    select *
    from {{ ref('int_dashboard_groups') }}
    where false
    {%- endif %}
)

select
    names.product_id,
    names.category,
    names.subcategory,
    names.brand,
    before.category as category_before,
    before.subcategory as subcategory_before,
    before.brand as brand_before,
    -- One that is new has no other days than those that are built anyway.
    coalesce(
        names.category != before.category
        or names.subcategory != before.subcategory
        or names.brand != before.brand,
        false
    ) as is_changed_cell
from {{ ref('int_dashboard_groups') }} as names
left join before on names.product_id = before.product_id
