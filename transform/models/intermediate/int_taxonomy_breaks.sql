-- The day on which a product was first seen in the category that it has now.
with changes as (
    select
        product_id,
        {{ shop_date('latest_category_since') }} as changed_date,
        coalesce(latest_category_code, '') != coalesce(category_code, '') as has_other_code
    from {{ ref('dim_products') }}
    where is_category_conflict and latest_category_id != category_id
),

changes_by_day as (
    select
        changed_date,
        count(*) as changed_count
    from changes
    group by changed_date
),

seen_by_day as (
    select
        event_date,
        count(*) as product_count
    from {{ ref('int_product_days') }}
    group by event_date
),

broken_days as (
    select
        by_day.changed_date,
        {{ run_of_days('by_day.changed_date') }} as run
    from changes_by_day as by_day
    inner join seen_by_day as seen on by_day.changed_date = seen.event_date
    where
        by_day.changed_count >= {{ var('alert_least_products') }}
        and by_day.changed_count >= {{ var('alert_category_share') }} * seen.product_count
),

breaks as (
    select
        min(changed_date) as first_day,
        max(changed_date) as last_day
    from broken_days
    group by run
),

-- What products have sold since, that events now put under another code.
moved as (
    select
        changes.changed_date,
        sum(purchases.revenue_amount) as revenue_amount
    from changes
    inner join {{ ref('int_purchases') }} as purchases
        on changes.product_id = purchases.product_id and changes.changed_date <= purchases.event_date
    where changes.has_other_code
    group by changes.changed_date
),

runs as (
    select
        'category' as subject,
        breaks.first_day,
        breaks.last_day,
        sum(by_day.changed_count) as measured,
        cast(null as int64) as expected,
        cast(coalesce(sum(moved.revenue_amount), 0) as numeric) as revenue_amount
    from breaks
    inner join changes_by_day as by_day
        on by_day.changed_date between breaks.first_day and breaks.last_day
    left join moved on by_day.changed_date = moved.changed_date
    group by breaks.first_day, breaks.last_day
)

select
    {{ day_alert('taxonomy_break', 'medium', [
        "'From '", 'cast(first_day as string)', "' on '", in_words('measured'),
        "' products are in another category than before. They keep their first one in all numbers; by the new one '",
        in_words('revenue_amount'), "' of revenue would move.'",
    ], revenue='revenue_amount') }}
from runs
