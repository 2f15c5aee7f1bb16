with changes_by_day as (
    select
        moved_date as changed_date,
        count(*) as changed_count,
        sum(case when has_other_code then revenue_amount else 0 end) as revenue_amount
    from {{ ref('int_recategorized_products') }}
    group by moved_date
),

broken_days as (
    select by_day.changed_date
    from changes_by_day as by_day
    inner join {{ ref('int_day_sums') }} as seen on by_day.changed_date = seen.event_date
    where
        by_day.changed_count >= {{ var('alert_min_products') }}
        and by_day.changed_count >= {{ var('alert_category_share') }} * seen.product_count
),

{{ incidents('broken_days', 'changed_date') }},

breaks as (
    select
        min(changed_date) as first_day,
        max(changed_date) as last_day
    from incidents
    group by incident
),

runs as (
    select
        'category' as subject,
        breaks.first_day,
        breaks.last_day,
        sum(by_day.changed_count) as measured,
        cast(null as int64) as expected,
        cast(sum(by_day.revenue_amount) as numeric) as revenue_amount
    from breaks
    inner join changes_by_day as by_day
        on by_day.changed_date between breaks.first_day and breaks.last_day
    group by breaks.first_day, breaks.last_day
)

select
    {{ day_alert('taxonomy_break', 'medium', [
        "'From '", 'cast(first_day as string)', "' on, '", counted_in_words('measured', "'product'"),
        "' changed category. Reports keep the original category. The new categories would move '",
        whole_amount_in_words('revenue_amount'), "' of revenue.'",
    ], revenue='revenue_amount') }}
from runs
