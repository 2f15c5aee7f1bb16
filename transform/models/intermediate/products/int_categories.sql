{{ config(materialized='table') }}

-- A name without an id is a category too: the name is then also the id.
with codes as (
    select
        coalesce(category_id, category_code) as category_id,
        category_code,
        sum(event_count) as event_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from {{ ref('int_product_attribute_months') }}
    where coalesce(category_id, category_code) is not null
    group by coalesce(category_id, category_code), category_code
),

-- If an id has several codes, the code of most events counts; ties go to the first in alphabetical order.
ranked as (
    select
        *,
        row_number() over (
            partition by category_id
            order by
                case when category_code is null then 1 else 0 end asc, event_count desc, category_code asc
        ) as preference
    from codes
),

categories as (
    select
        category_id,
        max(case when preference = 1 then category_code end) as category_code,
        count(category_code) as category_code_count,
        cast(sum(event_count) as int64) as event_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from ranked
    group by category_id
)

select
    category_id,
    category_code,
    {% for level in range(1, 5) -%}
    nullif({{ dbt.split_part('category_code', "'.'", level) }}, '') as level_{{ level }},
    {% endfor -%}
    category_code_count,
    event_count,
    first_seen_at,
    last_seen_at
from categories
