select
    line_number,
    "timestamp" as event_time,
    event as event_type,
    itemid as product_id,
    -- The price is unknown; a purchase needs one.
    case when event = 'transaction' then '0' end as price,
    visitorid as user_id,
    -- Sessions follow from the pauses of the visitor.
    visitorid as user_session,
    transactionid as order_id
from source
