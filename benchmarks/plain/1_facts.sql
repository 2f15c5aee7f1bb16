-- Events: one window over the key drops repeated lines, two more cut the sessions.
create table marts.fct_events as
with lines as (
    select
        event_time as event_at,
        cast(event_time as date) as event_date,
        lower(event_type) as event_type,
        product_id,
        category_id,
        lower(category_code) as category_code,
        lower(brand) as brand,
        price,
        cast(1 as bigint) as quantity,
        cast(null as varchar) as order_id,
        user_id,
        user_session
    from raw_events
),

numbered as (
    select
        *,
        count(*) over (partition by event_at, event_type, product_id, user_id, user_session, order_id, quantity, price)
            as duplicate_count,
        row_number() over (
            partition by event_at, event_type, product_id, user_id, user_session, order_id, quantity, price
            order by category_id nulls last, category_code nulls last, brand nulls last
        ) as preference
    from lines
),

gaps as (
    select
        *,
        event_at - lag(event_at) over (partition by user_id, user_session order by event_at)
            > interval 60 minute as is_after_gap
    from numbered
    where preference = 1
),

cut as (
    select
        *,
        sum(case when is_after_gap then 1 else 0 end)
            over (partition by user_id, user_session order by event_at) as session_number
    from gaps
),

begun as (
    select
        *,
        min(event_at) over (partition by user_id, user_session, session_number) as session_start_at
    from cut
)

select
    substr(md5(concat(
        length(event_type), ':', event_type, '|', length(product_id), ':', product_id, '|',
        length(user_id), ':', user_id, '|', length(user_session), ':', user_session, '|',
        length(coalesce(order_id, '')), ':', order_id, '|', quantity, '|', cast(price * 1000 as bigint), '|',
        epoch_us(event_at)
    )), 1, 20) as event_id,
    event_at,
    event_date,
    event_type,
    user_id,
    user_session,
    substr(md5(concat(
        length(user_id), ':', user_id, '|', length(user_session), ':', user_session, '|',
        (epoch_us(session_start_at) + 62135596800000000) // 3600000000
    )), 1, 20) as session_id,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    quantity,
    order_id,
    event_type = 'view' as is_view,
    event_type = 'cart' as is_cart_add,
    event_type = 'purchase' as is_purchase,
    cast(case when event_type = 'purchase' then price * quantity else 0 end as decimal(18, 3))
        as revenue_amount,
    duplicate_count
from begun;

create table marts.fct_orders as
with orders as (
    select
        user_id,
        coalesce(order_id, session_id) as order_id,
        min_by(session_id, (event_at, session_id)) as session_id,
        min(event_at) as ordered_at,
        count(*) as line_count,
        count(distinct product_id) as product_count,
        sum(quantity) as item_count,
        sum(revenue_amount) as order_amount
    from marts.fct_events
    where is_purchase
    group by user_id, coalesce(order_id, session_id)
)

select
    *,
    cast(ordered_at as date) as order_date,
    row_number() over (partition by user_id order by ordered_at, order_id) as order_number,
    date_diff(
        'day',
        lag(cast(ordered_at as date)) over (partition by user_id order by ordered_at, order_id),
        cast(ordered_at as date)
    ) as days_since_previous_order,
    min(cast(ordered_at as date)) over (partition by user_id) as first_order_date,
    first_order_date as customer_since_date
from orders;

create table marts.fct_sessions as
with sessions as (
    select
        session_id,
        user_id,
        user_session,
        min(event_at) as session_start_at,
        max(event_at) as session_end_at,
        count(*) as event_count,
        count_if(is_view) as view_count,
        count_if(is_cart_add) as cart_add_count,
        count_if(is_purchase) as purchase_count,
        sum(case when is_purchase then quantity else 0 end) as item_count,
        count(distinct product_id) as product_count,
        sum(revenue_amount) as revenue_amount
    from marts.fct_events
    group by session_id, user_id, user_session
),

earlier_orders as (
    select sessions.session_id, count(*) as orders_before
    from sessions
    inner join marts.fct_orders as orders
        on sessions.user_id = orders.user_id and orders.ordered_at < sessions.session_start_at
    group by sessions.session_id
)

select
    sessions.*,
    cast(session_start_at as date) as session_start_date,
    date_diff('second', session_start_at, session_end_at) as duration_seconds,
    view_count > 0 as reached_view,
    cart_add_count > 0 as reached_cart,
    purchase_count > 0 as reached_purchase,
    case
        when purchase_count > 0 then 'purchase'
        when cart_add_count > 0 then 'cart'
        when view_count > 0 then 'view'
        else 'other'
    end as funnel_stage,
    event_count > 500 as is_bot_suspect,
    coalesce(orders_before, 0) as orders_before
from sessions
left join earlier_orders using (session_id);

create table product_days as
with product_sessions as (
    select
        event_date,
        product_id,
        count_if(is_view) as view_count,
        count_if(is_cart_add) as cart_add_count,
        count_if(is_purchase) as purchase_count,
        sum(case when is_purchase then quantity else 0 end) as item_count,
        sum(revenue_amount) as revenue_amount
    from marts.fct_events
    group by event_date, product_id, session_id
)

select
    event_date,
    product_id,
    sum(view_count) as view_count,
    sum(cart_add_count) as cart_add_count,
    sum(purchase_count) as purchase_count,
    sum(item_count) as item_count,
    sum(revenue_amount) as revenue_amount,
    count(*) as session_count,
    count_if(view_count > 0) as sessions_with_view,
    count_if(cart_add_count > 0) as sessions_with_cart,
    count_if(purchase_count > 0) as sessions_with_purchase,
    count_if(view_count > 0 and cart_add_count > 0) as sessions_with_view_and_cart,
    count_if(cart_add_count > 0 and purchase_count > 0) as sessions_with_cart_and_purchase,
    count_if(view_count > 0 and purchase_count > 0) as sessions_with_view_and_purchase
from product_sessions
group by event_date, product_id;
