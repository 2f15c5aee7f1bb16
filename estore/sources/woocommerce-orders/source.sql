-- One row per item of an order; an item with a refund gives one more row.
with items as (
    select
        line_number,
        trim("date") as event_time,
        replace(lower(trim(status)), 'wc-', '') as order_status,
        nullif(trim(order_id), '') as order_id,
        nullif(nullif(trim(customer_id), ''), '0') as customer_id,
        nullif(lower(trim(billing_email)), '') as email,
        coalesce(nullif(trim(item_sku), ''), nullif(trim(item_product_id), ''), nullif(trim(item_name), ''))
            as product_id,
        trim(item_quantity) as quantity,
        -- item_subtotal is the price of all pieces before discounts.
        coalesce(nullif(trim(item_subtotal), ''), nullif(trim(item_total), '')) as amount,
        nullif(trim(item_price), '') as price,
        nullif(trim(item_refunded), '') as refunded,
        nullif(trim(item_refunded_qty), '') as refunded_quantity
    from source
),

events as (
    select
        *,
        row_number() over (
            partition by order_id, product_id, amount, quantity order by line_number
        ) as copy,
        -- An order that was never paid is no purchase.
        case
            when order_status in ('pending', 'failed', 'checkout-draft', 'trash', 'draft')
                then 'order ' || order_status
            else 'purchase'
        end as event_type,
        coalesce(
            cast(round(
                try_cast(amount as decimal(18, 4)) / nullif(try_cast(quantity as decimal(18, 4)), 0), 3
            ) as varchar),
            price,
            amount
        ) as unit_price
    from items
    union all
    select
        * replace (replace(coalesce(refunded_quantity, '1'), '-', '') as quantity),
        1 as copy,
        'refund' as event_type,
        replace(refunded, '-', '') as unit_price
    from items
    where try_cast(refunded as double) is distinct from 0 and refunded is not null
)

select
    line_number,
    -- Two equal rows of one order differ by a microsecond; otherwise they would be duplicates.
    case
        when copy = 1 then event_time
        else regexp_replace(event_time, '(:[0-9]{2})$', '\1.' || lpad(cast(copy - 1 as varchar), 6, '0'))
    end as event_time,
    event_type,
    product_id,
    unit_price as price,
    coalesce(customer_id, sha256(email), 'order ' || order_id) as user_id,
    coalesce(customer_id, sha256(email), 'order ' || order_id) as user_session,
    order_id,
    quantity
from events
