-- Reads the last days only: older carts are no longer open.
with as_of as (
    select * from {{ ref('int_as_of') }}
),

added as (
    select
        carts.user_id,
        carts.product_id,
        carts.event_at as added_at,
        carts.event_date as added_date,
        carts.quantity,
        carts.price,
        as_of.as_of_date,
        row_number() over (
            partition by carts.user_id, carts.product_id
            order by carts.event_at desc, carts.price desc, carts.quantity desc
        ) as recency
    from {{ ref('int_cart_events') }} as carts
    cross join as_of
    where
        carts.event_type = 'cart'
        and carts.event_date >= {{ open_carts_from() }}
        and carts.event_date > {{ add_days('as_of.as_of_date', '-' ~ var('cart_window_days')) }}
        and {{ is_customer(as_text('carts.user_id')) }}
),

ended as (
    select
        user_id,
        product_id,
        max(event_at) as ended_at
    from (
        select user_id, product_id, event_at
        from {{ ref('int_purchases') }}
        where event_date >= {{ open_carts_from() }}
        union all
        select user_id, product_id, event_at
        from {{ ref('int_cart_events') }}
        where event_type = 'remove_from_cart' and event_date >= {{ open_carts_from() }}
    ) as endings
    group by user_id, product_id
),

open_carts as (
    select added.*
    from added
    left join ended on added.user_id = ended.user_id and added.product_id = ended.product_id
    where added.recency = 1 and (ended.ended_at is null or ended.ended_at < added.added_at)
),

-- Counts distinct times, so that duplicate rows need no lookup.
views as (
    select
        lines.user_id,
        lines.product_id,
        count(distinct lines.event_at) as later_view_count,
        max(lines.event_at) as last_viewed_at
    from {{ ref('stg_lines') }} as lines
    inner join open_carts
        on
            lines.user_id = open_carts.user_id
            and lines.product_id = open_carts.product_id
            and lines.event_at > open_carts.added_at
    where lines.event_type = 'view' and lines.event_at >= {{ day_start(open_carts_from()) }}
    group by lines.user_id, lines.product_id
)

select
    {{ as_text('open_carts.user_id') }} as user_id,
    {{ as_text('open_carts.product_id') }} as product_id,
    open_carts.added_at,
    open_carts.added_date,
    {{ days_between('open_carts.added_date', 'open_carts.as_of_date') }} as days_in_cart,
    open_carts.quantity,
    open_carts.price as last_price_amount,
    cast(open_carts.price * open_carts.quantity as numeric) as cart_amount,
    coalesce(views.later_view_count, 0) as later_view_count,
    views.last_viewed_at,
    open_carts.as_of_date
from open_carts
left join views on open_carts.user_id = views.user_id and open_carts.product_id = views.product_id
