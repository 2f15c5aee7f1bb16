with moves as (
    select
        month_end_date,
        previous_rfm_segment as from_segment,
        rfm_segment as to_segment,
        count(*) as customer_count,
        cast(sum(monetary_amount) as numeric) as revenue_amount,
        cast(sum(month_revenue_amount) as numeric) as month_revenue_amount
    from {{ ref('fct_user_rfm_monthly') }}
    group by month_end_date, previous_rfm_segment, rfm_segment
),

totalled as (
    select
        *,
        cast(sum(customer_count) over (partition by month_end_date, from_segment) as int64)
            as from_customer_count
    from moves
)

select
    totalled.month_end_date,
    totalled.from_segment,
    totalled.to_segment,
    totalled.from_segment not in ('prospect', 'new') as was_buyer,
    totalled.customer_count,
    totalled.from_customer_count,
    {{ share_columns('migration_rate', 'totalled.customer_count', 'totalled.from_customer_count') }},
    totalled.revenue_amount,
    totalled.month_revenue_amount,
    as_of.as_of_date
from totalled
cross join {{ ref('int_as_of') }} as as_of
