with purchases as (
    select
        product_id,
        event_at,
        revenue_amount,
        max(revenue_amount) over () as highest_price
    from {{ ref('int_purchases') }}
    where quantity = 1
),

found as (
    select
        case when revenue_amount = 0 then 'unpriced_purchases' else 'price_cap' end as kind,
        count(*) as purchase_count,
        count(distinct product_id) as product_count,
        max(revenue_amount) as price,
        min(event_at) as from_at,
        max(event_at) as to_at
    from purchases
    where revenue_amount in (0, highest_price)
    group by revenue_amount
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
        {{ in_words('purchase_count') }}, ' purchases of ', {{ in_words('product_count') }},
        ' products at ', cast(price as string),
        case when kind = 'price_cap' then ', the highest price, as if cut off.' else ': none is known.' end
    ) as sentence
from found
where
    (kind = 'price_cap' and product_count >= {{ var('alert_cap_products') }})
    or (kind = 'unpriced_purchases' and purchase_count >= {{ var('alert_least_events') }})
