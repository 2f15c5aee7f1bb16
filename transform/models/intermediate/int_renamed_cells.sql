{{ config(materialized='table') }}

-- A product moves with its history; one that is new has no other days than those that are built anyway.
with renamed as (
    select *
    from {{ ref('int_product_names') }}
    where
        category != category_before
        or subcategory != subcategory_before
        or brand != brand_before
),

names as (
    select category, brand from renamed
    union all
    select category_before as category, brand_before as brand from renamed
)

-- As in the cubes, `*` stands for all; in the cell of the whole shop a product is by any name.
select distinct category, brand from names
union all
select distinct category, '*' as brand from names
union all
select distinct '*' as category, brand from names
