with days as (
    select
        from_category,
        to_category,
        moved_date,
        count(*) as product_count,
        sum(revenue_amount) as revenue_amount
    from {{ ref('int_recategorized_products') }}
    where from_category != to_category
    group by from_category, to_category, moved_date
),

-- A product shows its new category at its next event: the day with most products is the day of the break.
ranked as (
    select
        *,
        row_number() over (
            partition by from_category, to_category order by product_count desc, moved_date asc
        ) as place
    from days
)

select
    max(case when place = 1 then moved_date end) as break_date,
    from_category,
    to_category,
    cast(sum(product_count) as int64) as product_count,
    cast(sum(revenue_amount) as numeric) as revenue_amount
from ranked
group by from_category, to_category
