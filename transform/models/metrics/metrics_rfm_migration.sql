with totalled as (
    select
        *,
        cast(sum(customer_count) over (partition by month_end_date, from_segment) as int64)
            as from_customer_count
    from {{ ref('int_rfm_transitions') }}
)

select
    totalled.month_end_date,
    totalled.from_segment,
    totalled.to_segment,
    totalled.from_segment not in ('prospect', 'new') as was_buyer,
    coalesce(totalled.month_end_date < as_of.segments_censored_until, false) as is_left_censored,
    totalled.customer_count,
    totalled.from_customer_count,
    {{ share_columns('migration_rate', 'totalled.customer_count', 'totalled.from_customer_count') }},
    totalled.revenue_amount,
    totalled.month_revenue_amount,
    as_of.as_of_date
from totalled
cross join {{ ref('int_as_of') }} as as_of
