{{ config(
    meta={'replaces': 'later months'},
    on_schema_change='fail',
    partition_by={'field': 'month_end_date', 'data_type': 'date', 'granularity': 'month'},
    cluster_by=['user_id'],
) }}

with months as (
    select * from {{ ref('int_month_ends') }}
    {% if is_incremental() and not is_rebuilt('later months') %}
    where
        month_end_date >= {{ changed_from() }}
        or month_end_date not in (select month_end_date from {{ this }})
    {% endif %}
),

-- The state at the end of the month, without orders of later days.
buyers as (
    select
        orders.user_id,
        months.month_start,
        months.month_end_date,
        months.previous_month_end_date,
        {{ days_between('max(orders.order_date)', 'months.month_end_date') }} as recency_days,
        count(*) as frequency,
        cast(sum(orders.order_amount) as numeric) as monetary_amount,
        cast(
            sum(case when orders.order_date >= months.month_start then orders.order_amount else 0 end)
            as numeric
        ) as month_revenue_amount
    from {{ ref('int_orders') }} as orders
    inner join months on orders.order_date <= months.month_end_date
    where {{ is_customer('orders.user_id') }}
    group by orders.user_id, months.month_start, months.month_end_date, months.previous_month_end_date
),

{{ rfm_scores('buyers', per='month_end_date') }},

named as (
    select
        scored.*,
        segments.rfm_score,
        segments.rfm_segment
    from scored
    inner join segments on {{ has_rfm_scores('scored', 'segments') }}
),

earlier as (
    select user_id, month_end_date, rfm_segment from named
    {% if is_incremental() and not is_rebuilt('later months') %}
    union all
    select user_id, month_end_date, rfm_segment
    from {{ this }}
    where
        month_end_date in (select previous_month_end_date from months)
        and month_end_date not in (select month_end_date from months)
    {% endif %}
)

select
    named.user_id,
    named.month_end_date,
    named.recency_days,
    named.frequency,
    named.monetary_amount,
    named.recency_score,
    named.frequency_score,
    named.monetary_score,
    named.rfm_score,
    named.rfm_segment,
    coalesce(
        earlier.rfm_segment,
        case when {{ shop_date('users.first_event_at') }} < named.month_start then 'prospect' else 'new' end
    ) as previous_rfm_segment,
    named.month_revenue_amount
from named
inner join {{ ref('int_buyers') }} as users on named.user_id = users.user_id
left join earlier
    on named.user_id = earlier.user_id and named.previous_month_end_date = earlier.month_end_date
