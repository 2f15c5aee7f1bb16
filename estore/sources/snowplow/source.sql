-- The fields of an enriched event by position: 4 collector_tstamp, 13 user_id, 16 domain_userid,
-- 18 network_userid, 53 contexts, 59 unstruct_event, 124 domain_sessionid, 125 derived_tstamp,
-- 127 event_name. The e-commerce action names the event; its contexts name products and the order.
with fields as (
    select
        line_number,
        string_split(record, chr(9)) as field
    from source
),

events as (
    select
        line_number,
        coalesce(nullif(field[125], ''), field[4]) as event_time,
        coalesce(
            case when json_valid(field[59]) then json_extract_string(field[59], '$.data.data.type') end,
            field[127]
        ) as event_type,
        coalesce(nullif(field[13], ''), nullif(field[16], ''), nullif(field[18], '')) as user_id,
        nullif(field[124], '') as session_id,
        case when json_valid(field[53]) then from_json(json_extract_string(field[53], '$.data'), '[{
            "schema": "VARCHAR",
            "data": {
                "id": "VARCHAR", "name": "VARCHAR", "category": "VARCHAR", "brand": "VARCHAR",
                "price": "VARCHAR", "quantity": "VARCHAR", "transaction_id": "VARCHAR"
            }
        }]') end as contexts
    from fields
),

parts as (
    select
        * exclude (contexts),
        list_filter(contexts, lambda each: contains(each.schema, '.ecommerce/product/')) as products,
        list_filter(contexts, lambda each: each.data.transaction_id is not null)[1]['data'].transaction_id
            as transaction_id
    from events
),

exploded as (
    select
        * exclude (products),
        unnest(case when len(products) > 0 then products else [null] end)['data'] as product
    from parts
)

select
    line_number,
    event_time,
    event_type,
    coalesce(product.id, product.name) as product_id,
    regexp_replace(product.category, '\s*[>/|]\s*', '.', 'g') as category_code,
    product.brand,
    product.price,
    user_id,
    -- Without a session id, sessions follow from the pauses of the user.
    coalesce(session_id, user_id) as user_session,
    transaction_id as order_id,
    product.quantity
from exploded
