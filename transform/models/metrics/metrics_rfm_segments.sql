with customers as (
    select
        rfm_segment,
        frequency,
        monetary_amount,
        session_count,
        activity_status,
        usual_interval_days,
        is_leaving,
        {{ percentile('monetary_amount', 0.25, 'rfm_segment') }} as p25_revenue,
        {{ percentile('monetary_amount', 0.5, 'rfm_segment') }} as median_revenue,
        {{ percentile('monetary_amount', 0.75, 'rfm_segment') }} as p75_revenue
    from {{ ref('dim_user_rfm') }}
),

segments as (
    select
        rfm_segment,
        count(*) as customer_count,
        sum(monetary_amount) as revenue_amount,
        max(p25_revenue) as p25_revenue,
        max(median_revenue) as median_revenue,
        max(p75_revenue) as p75_revenue,
        sum(frequency) as order_count,
        sum(session_count) as session_count,
        {{ count_if("activity_status = 'churned'") }} as churned_count,
        {{ count_if("usual_interval_days is not null") }} as repeat_customer_count,
        {{ count_if("is_leaving") }} as leaving_count,
        sum(case when is_leaving then monetary_amount end) as leaving_revenue_amount
    from customers
    group by rfm_segment
),

-- A segment without customers keeps its row, so a dashboard shows it as empty, not as unknown.
counted as (
    select
        rules.segment as rfm_segment,
        rules.priority,
        rules.category_type,
        rules.recommended_action,
        coalesce(segments.customer_count, 0) as customer_count,
        cast(coalesce(segments.revenue_amount, 0) as numeric) as revenue_amount,
        cast(coalesce(segments.order_count, 0) as int64) as order_count,
        cast(coalesce(segments.session_count, 0) as int64) as session_count,
        coalesce(segments.churned_count, 0) as churned_count,
        coalesce(segments.repeat_customer_count, 0) as repeat_customer_count,
        coalesce(segments.leaving_count, 0) as leaving_count,
        cast(coalesce(segments.leaving_revenue_amount, 0) as numeric) as leaving_revenue_amount,
        {{ as_amount('segments.p25_revenue') }} as p25_revenue_amount,
        {{ as_amount('segments.median_revenue') }} as median_revenue_amount,
        {{ as_amount('segments.p75_revenue') }} as p75_revenue_amount
    from {{ ref('rfm_segments') }} as rules
    left join segments on rules.segment = segments.rfm_segment
),

totalled as (
    select
        *,
        cast(sum(customer_count) over () as int64) as total_customer_count,
        cast(sum(revenue_amount) over () as numeric) as total_revenue_amount
    from counted
)

select
    totalled.*,
    {{ share_columns('customer_rate', 'totalled.customer_count', 'totalled.total_customer_count') }},
    {{ rate('totalled.revenue_amount', 'totalled.total_revenue_amount') }} as revenue_rate,
    {{ as_amount('totalled.revenue_amount / nullif(totalled.customer_count, 0)') }} as mean_revenue_amount,
    {{ as_amount('totalled.revenue_amount / nullif(totalled.order_count, 0)') }} as average_order_amount,
    {{ rate('totalled.order_count', 'totalled.customer_count') }} as mean_order_count,
    {{ rate('totalled.session_count', 'totalled.customer_count') }} as mean_session_count,
    {{ share_columns('churn_rate', 'totalled.churned_count', 'totalled.customer_count') }},
    as_of.as_of_date
from totalled
cross join {{ ref('int_as_of') }} as as_of
