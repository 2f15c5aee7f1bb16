{{ config(meta={'replaces': 'later months'}, on_schema_change='fail') }}

select
    month_end_date,
    previous_rfm_segment as from_segment,
    rfm_segment as to_segment,
    count(*) as customer_count,
    cast(sum(monetary_amount) as numeric) as revenue_amount,
    cast(sum(month_revenue_amount) as numeric) as month_revenue_amount
from {{ ref('int_user_rfm_monthly') }}
{% if is_incremental() and not is_rebuilt('later months') -%}
where
    month_end_date >= {{ changed_from() }}
    or month_end_date not in (select month_end_date from {{ this }})
{% endif -%}
group by month_end_date, previous_rfm_segment, rfm_segment
