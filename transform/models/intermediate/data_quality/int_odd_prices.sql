{% set below = 'partition by kind order by price desc rows between 1 following and 10 following' %}

-- Finds the highest price first: a window over all purchases would keep all of them in memory.
with highest as (
    select max(revenue_amount) as price
    from {{ ref('int_purchases') }}
    where quantity = 1
),

prices as (
    select
        case when purchases.revenue_amount = 0 then 'unpriced_purchases' else 'price_cap' end as kind,
        purchases.revenue_amount as price,
        purchases.revenue_amount = highest.price as is_highest,
        count(*) as purchase_count,
        count(distinct purchases.product_id) as product_count,
        min(purchases.event_at) as from_at,
        max(purchases.event_at) as to_at
    from {{ ref('int_purchases') }} as purchases
    cross join highest
    where
        purchases.quantity = 1
        and (purchases.revenue_amount = 0 or purchases.revenue_amount * 2 > highest.price)
    group by purchases.revenue_amount, highest.price
),

-- A cap gathers products at one price, with few at each price below. In a shop with few prices, the highest
-- proves nothing.
found as (
    select
        *,
        count(*) over ({{ below }}) as price_count_below,
        sum(product_count) over ({{ below }}) as product_count_below
    from prices
)

select
    kind,
    'purchase' as subject,
    from_at,
    to_at,
    {{ as_float('purchase_count') }} as measured,
    {{ as_float('null') }} as expected,
    cast(price * purchase_count as numeric) as revenue_amount,
    'low' as severity,
    concat(
        {{ counted_in_words('purchase_count', "'purchase'") }}, ' of ',
        {{ counted_in_words('product_count', "'product'") }},
        case
            when kind = 'price_cap' and purchase_count = 1 then ' is at '
            when kind = 'price_cap' then ' are at '
            when purchase_count = 1 then ' has no price and adds no revenue.'
            else ' have no price and add no revenue.'
        end,
        case
            when kind = 'price_cap'
                then concat({{ amount_in_words('price') }}, ', the highest price. Prices may be capped.')
            else ''
        end
    ) as sentence
from found
where
    (
        kind = 'price_cap'
        and is_highest
        and product_count >= {{ var('alert_cap_products') }}
        and price_count_below = 10
        and product_count > product_count_below
    )
    or (kind = 'unpriced_purchases' and purchase_count >= {{ var('alert_min_events') }})
