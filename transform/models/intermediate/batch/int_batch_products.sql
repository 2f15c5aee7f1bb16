-- Groups by session first: a distinct count in the aggregate by product would double the cost.
select
    events.session_key,
    true as is_single_session,
    events.event_date,
    events.product_id,
    {{ count_if("event_type = 'view'") }} as view_count,
    {{ count_if("event_type = 'cart'") }} as cart_add_count,
    {{ count_if("event_type = 'purchase'") }} as purchase_count
from {{ ref('int_batch_events') }} as events
left join {{ ref('int_batch_keys') }} as keys
    on events.session_key = keys.session_key and not keys.is_single_session
where keys.session_key is null
group by events.session_key, events.event_date, events.product_id
union all
select
    session_key,
    false as is_single_session,
    event_date,
    product_id,
    {{ count_if("event_type = 'view'") }} as view_count,
    {{ count_if("event_type = 'cart'") }} as cart_add_count,
    {{ count_if("event_type = 'purchase'") }} as purchase_count
from {{ ref('int_batch_sessionized_events') }}
group by session_key, began_at, event_date, product_id
