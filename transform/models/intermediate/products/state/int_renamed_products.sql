{{ config(materialized='incremental', meta={'replaces': 'all'}, on_schema_change='fail') }}

-- The group of each product in the last build of the cubes. The cells of the old and the new group change.
with before as (
    {% if is_incremental() and not is_rebuilt('all') -%}
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
    -- All days of a new product are built anyway.
    coalesce(
        names.category != before.category
        or names.subcategory != before.subcategory
        or names.brand != before.brand,
        false
    ) as is_changed_cell
from {{ ref('int_dashboard_groups') }} as names
left join before on names.product_id = before.product_id
