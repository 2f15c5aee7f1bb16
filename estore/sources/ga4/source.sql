-- One row per item of an event. An event without items gives one row, so that it is counted.
with fields as (
    select
        line_number,
        json_extract_string(record, [
            'event_timestamp', 'event_name', 'user_id', 'user_pseudo_id', '$.ecommerce.transaction_id',
            'event_params', 'items'
        ]) as field
    from source
),

events as (
    select
        line_number,
        field[1] as event_time,
        field[2] as event_name,
        nullif(field[3], '') as user_id,
        field[4] as pseudo_id,
        nullif(field[5], '(not set)') as transaction_id,
        list_filter(
            from_json(field[6], '[{"key": "VARCHAR", "value": {"int_value": "VARCHAR"}}]'),
            lambda param: param.key = 'ga_session_id'
        )[1]['value'].int_value as ga_session_id,
        from_json(field[7], '[{
            "item_id": "VARCHAR", "item_name": "VARCHAR", "item_brand": "VARCHAR",
            "item_category": "VARCHAR", "item_category2": "VARCHAR", "item_category3": "VARCHAR",
            "price": "VARCHAR", "quantity": "VARCHAR"
        }]') as items
    from fields
),

exploded as (
    select
        * exclude (items),
        unnest(case when len(items) > 0 then items else [null] end) as item,
        unnest(case when len(items) > 0 then range(len(items)) else [0] end) as position
    from events
)

select
    line_number,
    -- Two variants of one item_id differ by a microsecond; otherwise they would be duplicates.
    coalesce(cast(try_cast(event_time as bigint) + position as varchar), event_time) as event_time,
    event_name as event_type,
    -- Without an item_id, the name is the product.
    coalesce(nullif(nullif(item.item_id, ''), '(not set)'), nullif(item.item_name, '(not set)'))
        as product_id,
    nullif(concat_ws(
        '.',
        nullif(nullif(item.item_category, ''), '(not set)'),
        nullif(nullif(item.item_category2, ''), '(not set)'),
        nullif(nullif(item.item_category3, ''), '(not set)')
    ), '') as category_code,
    nullif(item.item_brand, '(not set)') as brand,
    item.price,
    coalesce(user_id, pseudo_id) as user_id,
    -- Without a session id, sessions follow from the pauses of the user.
    coalesce(pseudo_id || '-' || ga_session_id, coalesce(user_id, pseudo_id)) as user_session,
    transaction_id as order_id,
    item.quantity
from exploded
