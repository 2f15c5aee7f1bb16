create table metrics.metrics_conversion_rates as
with counted as (
    select
        case when grouping(session_start_date) = 0 then 'day' else 'overall' end as grain,
        session_start_date,
        count_if(not is_bot_suspect) as session_count,
        count_if(is_bot_suspect) as bot_session_count,
        count_if(reached_view and not is_bot_suspect) as sessions_with_view,
        count_if(reached_cart and not is_bot_suspect) as sessions_with_cart,
        count_if(reached_purchase and not is_bot_suspect) as sessions_with_purchase,
        count_if(reached_view and reached_cart and not is_bot_suspect) as sessions_with_view_and_cart,
        count_if(reached_cart and reached_purchase and not is_bot_suspect)
            as sessions_with_cart_and_purchase,
        count_if(reached_view and reached_purchase and not is_bot_suspect)
            as sessions_with_view_and_purchase
    from marts.fct_sessions
    group by grouping sets ((session_start_date), ())
),

-- A stage that no session reaches is one that the source does not send.
sent as (
    select
        *,
        case when max(sessions_with_cart) over () > 0 then sessions_with_view end as views_before_cart,
        case when max(sessions_with_purchase) over () > 0 then sessions_with_view end as views_before_purchase,
        case when max(sessions_with_purchase) over () > 0 then sessions_with_cart end as carts_before_purchase
    from counted
)

select
    sent.* exclude (views_before_cart, views_before_purchase, carts_before_purchase),
    sessions_with_cart - sessions_with_cart_and_purchase as sessions_with_abandoned_cart,
    sessions_with_view_and_cart / nullif(views_before_cart, 0) as view_to_cart_rate,
    sessions_with_cart_and_purchase / nullif(carts_before_purchase, 0) as cart_to_purchase_rate,
    sessions_with_view_and_purchase / nullif(views_before_purchase, 0) as view_to_purchase_rate,
    1 - sessions_with_cart_and_purchase / nullif(carts_before_purchase, 0) as cart_abandonment_rate,
    as_of_date
from sent
cross join as_of;

create table metrics.metrics_daily_sales as
with days as (
    select
        cast(day as date) as order_date,
        coalesce(sum(order_amount), 0) as revenue_amount,
        count(order_id) as order_count,
        count(distinct user_id) as buyer_count,
        coalesce(sum(item_count), 0) as item_count,
        count(*) filter (order_number = 1) as first_order_count
    from as_of
    cross join unnest(generate_series(first_date, as_of_date, interval 1 day)) as calendar (day)
    left join marts.fct_orders as orders on orders.order_date = day
    group by day
)

select
    days.*,
    cast(round(revenue_amount / nullif(order_count, 0), 3) as decimal(18, 3)) as average_order_amount,
    order_count - first_order_count as repeat_order_count,
    as_of_date
from days
cross join as_of;

create table metrics.metrics_churn as
with followed as (
    select
        user_id,
        min(order_date) as first_order_date,
        date_diff('day', min(order_date), any_value(as_of_date)) >= 90 as is_observed,
        date_diff('day', min(order_date), min(order_date) filter (order_number = 2)) <= 90 as is_repeated
    from marts.fct_orders
    cross join as_of
    where order_number <= 2
    group by user_id
),

cohorts as (
    select
        case
            when grouping(month) = 0 then 'month' when grouping(week) = 0 then 'week' else 'overall'
        end as cohort_grain,
        cast(coalesce(month, week) as date) as cohort_start,
        count(*) as customer_count,
        count(*) filter (is_observed) as observed_count,
        count(*) filter (is_observed and is_repeated) as repeated_count
    from (
        select
            *,
            date_trunc('month', first_order_date) as month,
            date_trunc('week', first_order_date) as week
        from followed
    )
    group by grouping sets ((month), (week), ())
    union all
    select
        'overall_uncensored', null, count(*), count(*) filter (is_observed),
        count(*) filter (is_observed and is_repeated)
    from followed
    cross join as_of
    where first_order_date >= first_date + 90
)

select
    cohorts.*,
    observed_count - repeated_count as churned_count,
    (observed_count - repeated_count) / nullif(observed_count, 0) as churn_rate,
    as_of_date
from cohorts
cross join as_of;

create table metrics.metrics_retention as
with grains as (select unnest(['month', 'week']) as cohort_grain),

active_periods as (
    select distinct cohort_grain, user_id, cast(date_trunc(cohort_grain, order_date) as date) as period_start
    from marts.fct_orders
    cross join grains
),

customers as (
    select cohort_grain, user_id, min(period_start) as cohort_start
    from active_periods
    group by all
),

sizes as (
    select cohort_grain, cohort_start, count(*) as customer_count
    from customers
    group by all
),

active as (
    select customers.cohort_grain, cohort_start, period_start, count(*) as active_count
    from customers
    inner join active_periods using (cohort_grain, user_id)
    group by all
),

periods as (
    select distinct
        cohort_grain,
        cast(date_trunc(cohort_grain, day) as date) as period_start,
        date_trunc(cohort_grain, day) < date_trunc(cohort_grain, as_of_date + interval 1 day) as is_complete,
        as_of_date
    from as_of
    cross join grains
    cross join unnest(generate_series(first_date, as_of_date, interval 1 day)) as calendar (day)
)

select
    sizes.*,
    periods.period_start,
    row_number() over (partition by sizes.cohort_grain, sizes.cohort_start order by periods.period_start) - 1
        as period_index,
    coalesce(active_count, 0) as active_count,
    is_complete,
    case when is_complete then coalesce(active_count, 0) / customer_count end as retention_rate,
    as_of_date
from sizes
inner join periods
    on sizes.cohort_grain = periods.cohort_grain and sizes.cohort_start <= periods.period_start
left join active
    on
        sizes.cohort_grain = active.cohort_grain
        and sizes.cohort_start = active.cohort_start
        and periods.period_start = active.period_start;

create table metrics.metrics_rfm_segments as
with segments as (
    select
        rfm_segment,
        count(*) as customer_count,
        sum(monetary_amount) as revenue_amount,
        sum(frequency) as order_count,
        sum(session_count) as session_count,
        count_if(activity_status = 'churned') as churned_count,
        quantile_cont(cast(monetary_amount as double), [0.25, 0.5, 0.75]) as quartiles
    from marts.dim_user_rfm
    group by rfm_segment
),

counted as (
    select
        segment as rfm_segment,
        priority,
        category_type,
        recommended_action,
        coalesce(customer_count, 0) as customer_count,
        cast(coalesce(revenue_amount, 0) as decimal(18, 3)) as revenue_amount,
        coalesce(order_count, 0) as order_count,
        coalesce(session_count, 0) as session_count,
        coalesce(churned_count, 0) as churned_count,
        cast(round(quartiles[1], 3) as decimal(18, 3)) as p25_revenue_amount,
        cast(round(quartiles[2], 3) as decimal(18, 3)) as median_revenue_amount,
        cast(round(quartiles[3], 3) as decimal(18, 3)) as p75_revenue_amount,
        sum(customer_count) over () as total_customer_count,
        sum(revenue_amount) over () as total_revenue_amount
    from marts.rfm_segments
    left join segments on segment = rfm_segment
)

select
    counted.*,
    customer_count / total_customer_count as customer_rate,
    revenue_amount / total_revenue_amount as revenue_rate,
    cast(round(revenue_amount / nullif(customer_count, 0), 3) as decimal(18, 3)) as mean_revenue_amount,
    cast(round(revenue_amount / nullif(order_count, 0), 3) as decimal(18, 3)) as average_order_amount,
    order_count / nullif(customer_count, 0) as mean_order_count,
    session_count / nullif(customer_count, 0) as mean_session_count,
    churned_count / nullif(customer_count, 0) as churn_rate,
    as_of_date
from counted
cross join as_of;

create table metrics.metrics_ltv_distribution as
with buckets as (
    select
        cast(floor(revenue_amount / 100) * 100 as decimal(18, 3)) as bucket_start_amount,
        count(*) as customer_count,
        sum(revenue_amount) as revenue_amount
    from marts.dim_users
    where order_count > 0
    group by all
)

select
    buckets.*,
    cast(bucket_start_amount + 100 as decimal(18, 3)) as bucket_end_amount,
    sum(customer_count) over () as total_customer_count,
    customer_count / sum(customer_count) over () as customer_rate,
    sum(revenue_amount) over () as total_revenue_amount,
    revenue_amount / sum(revenue_amount) over () as revenue_rate,
    as_of_date
from buckets
cross join as_of;

create table metrics.metrics_product_performance as
with named as (
    select
        product_days.*,
        coalesce(dim_products.category_code, 'unknown') as category_name,
        coalesce(dim_products.brand, 'unknown') as brand_name
    from product_days
    inner join marts.dim_products using (product_id)
),

levels as (
    select
        case
            when grouping(product_id) = 0 then 'product' when grouping(brand_name) = 0 then 'brand'
            else 'category'
        end as level,
        coalesce(product_id, brand_name, category_name) as name,
        case when grouping(product_id) = 0 then min(category_name) end as category_code,
        case when grouping(product_id) = 0 then min(brand_name) end as brand,
        count(distinct product_id) as product_count,
        sum(columns(* exclude (event_date, product_id, category_name, brand_name)))
    from named
    group by grouping sets ((category_name), (brand_name), (product_id))
)

select
    levels.*,
    sessions_with_view_and_cart / nullif(sessions_with_view, 0) as view_to_cart_rate,
    sessions_with_cart_and_purchase / nullif(sessions_with_cart, 0) as cart_to_purchase_rate,
    sessions_with_view_and_purchase / nullif(sessions_with_view, 0) as view_to_purchase_rate,
    as_of_date
from levels
cross join as_of;


create table metrics.metrics_rfm_migration as
select
    *,
    from_segment not in ('prospect', 'new') as was_buyer,
    customer_count / from_customer_count as migration_rate,
    (select max(as_of_date) from marts.dim_users) as as_of_date
from (
    select
        month_end_date,
        previous_rfm_segment as from_segment,
        rfm_segment as to_segment,
        count(*) as customer_count,
        sum(count(*)) over (partition by month_end_date, previous_rfm_segment) as from_customer_count,
        sum(monetary_amount) as revenue_amount,
        sum(month_revenue_amount) as month_revenue_amount
    from marts.fct_user_rfm_monthly
    group by month_end_date, previous_rfm_segment, rfm_segment
);
