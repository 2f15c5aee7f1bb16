-- The first row of an order has the order's fields, the following rows have only its products.
with rows_of_orders as (
    select
        line_number,
        nullif(trim("Name"), '') as order_name,
        row_number() over (partition by "Name" order by line_number) = 1 as is_first,
        max(nullif(trim("Created at"), '')) over (partition by "Name") as created_at,
        max(nullif(trim("Cancelled at"), '')) over (partition by "Name") as cancelled_at,
        max(nullif(lower(trim("Email")), '')) over (partition by "Name") as email,
        max(nullif(trim("Phone"), '')) over (partition by "Name") as phone,
        nullif(trim("Refunded Amount"), '') as refunded_amount,
        nullif(trim("Lineitem sku"), '') as sku,
        nullif(trim("Lineitem name"), '') as product_name,
        nullif(trim("Vendor"), '') as vendor,
        trim("Lineitem price") as price,
        trim("Lineitem quantity") as quantity
    from source
),

events as (
    select
        *,
        row_number() over (
            partition by order_name, coalesce(sku, product_name), price, quantity order by line_number
        ) as copy,
        -- Shopify writes quantity 0 for a product that was removed from the order.
        case when quantity = '0' then 'removed' else 'purchase' end as event_type,
        created_at as event_time
    from rows_of_orders
    union all
    select
        * replace (null as sku, null as product_name, refunded_amount as price, '1' as quantity),
        1 as copy,
        'refund' as event_type,
        coalesce(cancelled_at, created_at) as event_time
    from rows_of_orders
    where is_first and refunded_amount is not null and try_cast(refunded_amount as double) is distinct from 0
)

select
    line_number,
    -- Two equal rows of one order differ by a microsecond; otherwise they would be duplicates.
    case
        when copy = 1 then event_time
        else regexp_replace(event_time, '(:[0-9]{2}) ', '\1.' || lpad(cast(copy - 1 as varchar), 6, '0') || ' ')
    end as event_time,
    event_type,
    coalesce(sku, product_name) as product_id,
    vendor as brand,
    price,
    -- The SHA-256 of the address, so that no address is stored. A guest without one is a new user.
    coalesce(sha256(coalesce(email, phone)), 'order ' || order_name) as user_id,
    coalesce(sha256(coalesce(email, phone)), 'order ' || order_name) as user_session,
    order_name as order_id,
    quantity
from events
