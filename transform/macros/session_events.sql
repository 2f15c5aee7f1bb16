{# All events of the sessions that reach into the built days: those of the days, and what the same sessions
   had before or after. #}
{% macro session_events() %}
    {% set columns = [
        'event_at', 'event_date', 'event_type', 'product_id', 'price', 'quantity', 'order_id', 'user_id',
        'user_session',
    ] %}
    select {{ columns | join(', ') }}
    from {{ ref('stg_events') }}
    where {{ near_built_days('event_at') }} and {{ in_built_days() }}
    {% if is_incremental() %}
    union all
    select events.{{ columns | join(', events.') }}
    from {{ ref('stg_events') }} as events
    inner join {{ this }} as sessions on {{ lies_in_session('events', 'sessions') }}
    where
        events.event_date between date '{{ var("sessions_from") }}' and date '{{ var("sessions_to") }}'
        and events.event_at >= {{ day_start(add_days("date '" ~ var('sessions_from') ~ "'", -1)) }}
        and events.event_at < {{ day_start(add_days("date '" ~ var('sessions_to') ~ "'", 2)) }}
        and not ({{ in_built_days('events.event_date') }})
        and {{ reaches_built_days('sessions') }}
        and (
            sessions.session_start_date < {{ built_from() }}
            or {{ shop_date('sessions.session_end_at') }} > {{ built_to() }}
        )
    {% endif %}
{% endmacro %}

{# What the events of a session add up to. own_order_at: purchases without an order id of the shop's make
   one order. #}
{% macro session_sums() %}
    min(event_at) as session_start_at,
    max(event_at) as session_end_at,
    count(*) as event_count,
    {{ count_if("event_type = 'view'") }} as view_count,
    {{ count_if("event_type = 'cart'") }} as cart_add_count,
    {{ count_if("event_type = 'purchase'") }} as purchase_count,
    count(distinct product_id) as product_count,
    cast(sum(case when event_type = 'purchase' then quantity else 0 end) as int64) as item_count,
    cast(sum({{ revenue_amount() }}) as numeric) as revenue_amount,
    min(case when event_type = 'purchase' and order_id is null then event_at end) as own_order_at
{% endmacro %}
