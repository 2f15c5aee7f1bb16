-- Ties are ordered by id, so the list does not depend on the order of rows.
with best as (
    select
        user_id,
        revenue_amount,
        order_count,
        first_order_date,
        last_order_date,
        activity_status,
        as_of_date
    from {{ ref('int_buyers') }}
    order by revenue_amount desc, user_id asc
    limit {{ var('dashboard_customers') }}
)

select
    row_number() over (order by best.revenue_amount desc, best.user_id asc) as customer_rank,
    best.user_id,
    best.revenue_amount,
    best.order_count,
    best.first_order_date,
    best.last_order_date,
    rfm.rfm_segment,
    best.activity_status,
    best.as_of_date
from best
inner join {{ ref('dim_user_rfm') }} as rfm on best.user_id = rfm.user_id
