-- Ties go by the id, so that the list is the same however the rows came.
with ranked as (
    select
        buyers.user_id,
        buyers.revenue_amount,
        buyers.order_count,
        buyers.first_order_date,
        buyers.last_order_date,
        buyers.activity_status,
        buyers.as_of_date,
        row_number() over (order by buyers.revenue_amount desc, buyers.user_id asc) as customer_rank
    from {{ ref('int_buyers') }} as buyers
)

select
    ranked.customer_rank,
    ranked.user_id,
    ranked.revenue_amount,
    ranked.order_count,
    ranked.first_order_date,
    ranked.last_order_date,
    rfm.rfm_segment,
    ranked.activity_status,
    ranked.as_of_date
from ranked
inner join {{ ref('dim_user_rfm') }} as rfm on ranked.user_id = rfm.user_id
where ranked.customer_rank <= {{ var('dashboard_customers') }}
