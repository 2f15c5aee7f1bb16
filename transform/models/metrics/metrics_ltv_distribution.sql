{% set width = var('ltv_bucket_amount') %}

with customers as (
    select
        revenue_amount,
        cast(floor(revenue_amount / {{ width }}) as int64) * {{ width }} as bucket_start
    from {{ ref('int_buyers') }}
),

buckets as (
    select
        bucket_start,
        count(*) as customer_count,
        cast(sum(revenue_amount) as numeric) as revenue_amount
    from customers
    group by bucket_start
),

totalled as (
    select
        *,
        cast(sum(customer_count) over () as int64) as total_customer_count,
        cast(sum(revenue_amount) over () as numeric) as total_revenue_amount
    from buckets
)

select
    cast(totalled.bucket_start as numeric) as bucket_start_amount,
    cast(totalled.bucket_start + {{ width }} as numeric) as bucket_end_amount,
    totalled.customer_count,
    totalled.total_customer_count,
    {{ share_columns('customer_rate', 'totalled.customer_count', 'totalled.total_customer_count') }},
    totalled.revenue_amount,
    totalled.total_revenue_amount,
    {{ rate('totalled.revenue_amount', 'totalled.total_revenue_amount') }} as revenue_rate,
    as_of.as_of_date
from totalled
cross join {{ ref('int_as_of') }} as as_of
