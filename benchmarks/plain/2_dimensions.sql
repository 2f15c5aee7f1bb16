create table as_of as
select max(event_date) as as_of_date, min(event_date) as first_date from marts.fct_events;

create table marts.dim_categories as
with codes as (
    select
        category_id,
        category_code,
        count(*) as event_count,
        min(event_at) as first_seen_at,
        max(event_at) as last_seen_at
    from marts.fct_events
    where category_id is not null
    group by category_id, category_code
),

categories as (
    select
        category_id,
        first(category_code order by category_code is null, event_count desc, category_code) as category_code,
        count(category_code) as category_code_count,
        sum(event_count) as event_count,
        min(first_seen_at) as first_seen_at,
        max(last_seen_at) as last_seen_at
    from codes
    group by category_id
)

select
    *,
    nullif(split_part(category_code, '.', 1), '') as level_1,
    nullif(split_part(category_code, '.', 2), '') as level_2,
    nullif(split_part(category_code, '.', 3), '') as level_3,
    nullif(split_part(category_code, '.', 4), '') as level_4
from categories;

create table marts.dim_products as
with products as (
    select
        product_id,
        count(distinct category_id) as category_count,
        count(distinct category_code) as category_code_count,
        count(distinct brand) as brand_count,
        count(*) as event_count,
        min(event_at) as first_seen_at,
        max(event_at) as last_seen_at
    from marts.fct_events
    group by product_id
),

product_categories as (
    select
        product_id,
        category_id,
        count(*) as event_count,
        min(event_at) as first_seen_at,
        max(event_at) as last_seen_at
    from marts.fct_events
    where category_id is not null
    group by product_id, category_id
),

categories as (
    select
        product_id,
        first(category_id order by first_seen_at, event_count desc, category_id) as category_id,
        first(category_id order by last_seen_at desc, event_count desc, category_id) as latest_category_id,
        first(first_seen_at order by last_seen_at desc, event_count desc, category_id) as latest_category_since
    from product_categories
    group by product_id
),

product_brands as (
    select product_id, brand, count(*) as event_count, max(event_at) as last_seen_at
    from marts.fct_events
    where brand is not null
    group by product_id, brand
),

brands as (
    select product_id, first(brand order by event_count desc, last_seen_at desc, brand) as brand
    from product_brands
    group by product_id
)

select
    products.*,
    categories.category_id,
    first_codes.category_code,
    brands.brand,
    categories.latest_category_id,
    categories.latest_category_since,
    latest_codes.category_code as latest_category_code,
    products.category_count > 1 as is_category_conflict,
    products.brand_count > 1 as is_brand_conflict
from products
left join categories using (product_id)
left join brands using (product_id)
left join marts.dim_categories as first_codes on categories.category_id = first_codes.category_id
left join marts.dim_categories as latest_codes on categories.latest_category_id = latest_codes.category_id;

create table marts.dim_users as
with sessions as (
    select
        user_id,
        min(session_start_at) as first_event_at,
        max(session_end_at) as last_event_at,
        count(*) as session_count,
        sum(event_count) as event_count
    from marts.fct_sessions
    group by user_id
),

orders as (
    select
        user_id,
        count(*) as order_count,
        sum(item_count) as item_count,
        sum(order_amount) as revenue_amount,
        min(ordered_at) as first_ordered_at,
        max(ordered_at) as last_ordered_at,
        min(order_date) as first_order_date,
        min(order_date) as customer_since_date,
        max(order_date) as last_order_date
    from marts.fct_orders
    group by user_id
),

aged as (
    select
        sessions.*,
        orders.* exclude (user_id, order_count, item_count, revenue_amount),
        coalesce(order_count, 0) as order_count,
        coalesce(item_count, 0) as item_count,
        cast(coalesce(revenue_amount, 0) as decimal(18, 3)) as revenue_amount,
        date_diff('day', cast(last_event_at as date), as_of_date) as days_since_last_activity,
        date_diff('day', last_order_date, as_of_date) as days_since_last_order,
        as_of_date
    from sessions
    left join orders using (user_id)
    cross join as_of
),

described as (
    select
        *,
        case
            when days_since_last_order is null then 'prospect'
            when days_since_last_order < 30 then 'active'
            when days_since_last_order < 45 then 'declining'
            when days_since_last_order < 60 or days_since_last_activity < 60 then 'at_risk'
            else 'churned'
        end as activity_status
    from aged
)

select
    *,
    cast(round(revenue_amount / nullif(order_count, 0), 3) as decimal(18, 3)) as average_order_amount,
    activity_status = 'churned' as is_churned
from described;

create table marts.dim_user_rfm as
with ranked as (
    select
        user_id,
        days_since_last_order as recency_days,
        order_count as frequency,
        revenue_amount as monetary_amount,
        percent_rank() over (order by days_since_last_order desc) as recency_rank,
        percent_rank() over (order by order_count) as frequency_rank,
        percent_rank() over (order by revenue_amount) as monetary_rank,
        session_count,
        activity_status,
        as_of_date
    from marts.dim_users
    where order_count > 0
),

scored as (
    select
        user_id, recency_days, frequency, monetary_amount, session_count, activity_status, as_of_date,
        case when min(recency_days) over () = max(recency_days) over () then 3
            else cast(least(5, 1 + floor(5 * recency_rank)) as bigint) end as recency_score,
        case when min(frequency) over () = max(frequency) over () then 3
            else cast(least(5, 1 + floor(5 * frequency_rank)) as bigint) end as frequency_score,
        case when min(monetary_amount) over () = max(monetary_amount) over () then 3
            else cast(least(5, 1 + floor(5 * monetary_rank)) as bigint) end as monetary_score
    from ranked
)

select
    scored.*,
    concat(recency_score, frequency_score, monetary_score) as rfm_score,
    rules.segment as rfm_segment
from scored
inner join marts.rfm_segments as rules
    on
        recency_score between r_min and r_max
        and frequency_score between f_min and f_max
        and monetary_score between m_min and m_max
qualify row_number() over (partition by user_id order by priority) = 1;


create table marts.fct_user_rfm_monthly as
with months as (
    select month_start, last_day(month_start) as month_end_date
    from (select distinct date_trunc('month', order_date) as month_start from marts.fct_orders)
    where last_day(month_start) <= (select max(as_of_date) from marts.dim_users)
),

ranked as (
    select
        user_id,
        month_start,
        month_end_date,
        month_end_date - max(order_date) as recency_days,
        count(*) as frequency,
        sum(order_amount) as monetary_amount,
        sum(case when order_date >= month_start then order_amount else 0 end) as month_revenue_amount,
        percent_rank() over (partition by month_end_date order by max(order_date)) as recency_rank,
        percent_rank() over (partition by month_end_date order by count(*)) as frequency_rank,
        percent_rank() over (partition by month_end_date order by sum(order_amount)) as monetary_rank
    from marts.fct_orders
    inner join months on order_date <= month_end_date
    group by user_id, month_start, month_end_date
),

scored as (
    select
        * exclude (recency_rank, frequency_rank, monetary_rank),
        case when min(recency_days) over (partition by month_end_date) = max(recency_days) over (partition by month_end_date) then 3
            else cast(least(5, 1 + floor(5 * recency_rank)) as bigint) end as recency_score,
        case when min(frequency) over (partition by month_end_date) = max(frequency) over (partition by month_end_date) then 3
            else cast(least(5, 1 + floor(5 * frequency_rank)) as bigint) end as frequency_score,
        case when min(monetary_amount) over (partition by month_end_date) = max(monetary_amount) over (partition by month_end_date) then 3
            else cast(least(5, 1 + floor(5 * monetary_rank)) as bigint) end as monetary_score
    from ranked
),

named as (
    select
        scored.*,
        concat(recency_score, frequency_score, monetary_score) as rfm_score,
        rules.segment as rfm_segment
    from scored
    inner join marts.rfm_segments as rules
        on
            recency_score between r_min and r_max
            and frequency_score between f_min and f_max
            and monetary_score between m_min and m_max
    qualify row_number() over (partition by user_id, month_end_date order by priority) = 1
)

select
    named.* exclude (month_start),
    coalesce(
        lag(rfm_segment) over (partition by named.user_id order by month_end_date),
        case when cast(first_event_at as date) < month_start then 'prospect' else 'new' end
    ) as previous_rfm_segment
from named
inner join marts.dim_users as users on named.user_id = users.user_id;
