-- One row per product of a call. A call without products gives one row, so that it is counted.
with fields as (
    select
        line_number,
        json_extract_string(record, [
            'event', 'type', 'userId', 'user_id', 'anonymousId', 'anonymous_id', 'distinct_id',
            'timestamp', 'originalTimestamp', 'sent_at', '$.context.sessionId',
            '$.properties.session_id', '$.properties.$session_id', '$.properties.order_id', 'properties',
            '$.properties.products'
        ]) as field
    from source
),

calls as (
    select
        line_number,
        coalesce(nullif(field[1], ''), field[2]) as event_type,
        coalesce(nullif(field[3], ''), nullif(field[4], ''), nullif(field[5], ''), nullif(field[6], ''), field[7])
            as user_id,
        coalesce(field[8], field[9], field[10]) as event_time,
        coalesce(field[11], field[12], field[13]) as session_id,
        field[14] as order_id,
        from_json(field[15], '{
            "product_id": "VARCHAR", "sku": "VARCHAR", "name": "VARCHAR", "category": "VARCHAR",
            "brand": "VARCHAR", "price": "VARCHAR", "quantity": "VARCHAR"
        }') as own,
        from_json(field[16], '[{
            "product_id": "VARCHAR", "sku": "VARCHAR", "name": "VARCHAR", "category": "VARCHAR",
            "brand": "VARCHAR", "price": "VARCHAR", "quantity": "VARCHAR"
        }]') as products
    from fields
),

exploded as (
    select
        * exclude (own, products),
        unnest(case when len(products) > 0 then products else [own] end) as product
    from calls
)

select
    line_number,
    event_time,
    event_type,
    coalesce(nullif(product.product_id, ''), nullif(product.sku, ''), product.name) as product_id,
    regexp_replace(product.category, '\s*[>/|]\s*', '.', 'g') as category_code,
    product.brand,
    product.price,
    user_id,
    -- Without a session id, sessions follow from the pauses of the user.
    coalesce(session_id, user_id) as user_session,
    order_id,
    product.quantity
from exploded
