{{ config(
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

with product_days as (
    select
        event_date,
        product_id,
        cast(sum(view_count) as int64) as view_count,
        cast(sum(cart_add_count) as int64) as cart_add_count,
        cast(sum(purchase_count) as int64) as purchase_count,
        count(*) as session_count,
        {{ count_if('view_count > 0') }} as sessions_with_view,
        {{ count_if('cart_add_count > 0') }} as sessions_with_cart,
        {{ count_if('purchase_count > 0') }} as sessions_with_purchase,
        {{ count_if('view_count > 0 and cart_add_count > 0') }} as sessions_with_view_and_cart,
        {{ count_if('cart_add_count > 0 and purchase_count > 0') }} as sessions_with_cart_and_purchase,
        {{ count_if('view_count > 0 and purchase_count > 0') }} as sessions_with_view_and_purchase
    from {{ ref('int_batch_products') }}
    where {{ in_batch_days() }}
    group by event_date, product_id
),

-- Revenue, from the few events that are purchases.
sales as (
    select
        event_date,
        product_id,
        sum(quantity) as item_count,
        sum(revenue_amount) as revenue_amount
    from {{ ref('int_purchases') }}
    where {{ in_batch_days() }}
    group by event_date, product_id
)

select
    product_days.*,
    cast(coalesce(sales.item_count, 0) as int64) as item_count,
    cast(coalesce(sales.revenue_amount, 0) as numeric) as revenue_amount
from product_days
left join sales
    on product_days.event_date = sales.event_date and product_days.product_id = sales.product_id
