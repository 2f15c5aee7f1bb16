{{ config(materialized='table') }}

with names as (
    select category, brand
    from {{ ref('int_renamed_products') }}
    where is_changed_cell
    union all
    select category_before as category, brand_before as brand
    from {{ ref('int_renamed_products') }}
    where is_changed_cell
)

-- As in the cubes, `*` is the total. The cell of the whole shop contains a product under any name.
select distinct category, brand from names
union all
select distinct category, '*' as brand from names
union all
select distinct '*' as category, brand from names
