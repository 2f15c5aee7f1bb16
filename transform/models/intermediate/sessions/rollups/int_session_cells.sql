{{ config(
    meta={'replaces': 'later sessions'},
    on_schema_change='fail',
    partition_by={'field': 'session_start_date', 'data_type': 'date'},
) }}

{% set columns = [
    'session_start_date', 'event_count', 'view_count', 'cart_add_count', 'purchase_count', 'revenue_amount',
] %}

with sessions as (
    select *
    from {{ ref('int_sessions') }}
    where session_start_date >= {{ sessions_changed_from() }}
),

-- Most sessions belong to users who never purchased, which need no lookup.
known as (
    select
        sessions.{{ columns | join(', sessions.') }},
        'returning' as customer_stage,
        coalesce(segments.rfm_segment, 'New') as rfm_segment
    from sessions
    left join {{ ref('int_user_rfm_monthly') }} as segments
        on
            {{ as_text('sessions.user_id') }} = segments.user_id
            and {{ month_end_before('sessions.session_start_date') }} = segments.month_end_date
    where sessions.orders_before > 0 and {{ is_customer(as_text('sessions.user_id')) }}
    union all
    select
        {{ columns | join(', ') }},
        'first' as customer_stage,
        'New' as rfm_segment
    from sessions
    where orders_before = 0 or not ({{ is_customer(as_text('user_id')) }})
),

measured as (
    select
        *,
        case
            when event_count = 1 then '1'
            when event_count <= 5 then '2–5'
            when event_count <= 20 then '6–20'
            else '21+'
        end as session_length,
        {{ is_counted_session('event_count') }} as is_counted
    from known
)

select
    session_start_date,
    customer_stage,
    rfm_segment,
    session_length,
    {{ count_if('is_counted') }} as session_count,
    {{ count_if(is_bot_suspect('event_count')) }} as bot_session_count,
    {% for name, reached in [
        ('view', 'view_count > 0'), ('cart', 'cart_add_count > 0'), ('purchase', 'purchase_count > 0'),
        ('view_and_cart', 'view_count > 0 and cart_add_count > 0'),
        ('cart_and_purchase', 'cart_add_count > 0 and purchase_count > 0'),
        ('view_and_purchase', 'view_count > 0 and purchase_count > 0'),
    ] -%}
    {{ count_if('is_counted and ' ~ reached) }} as sessions_with_{{ name }},
    {% endfor -%}
    {{ count_if('is_counted and view_count > 0 and cart_add_count > 0 and purchase_count > 0') }}
        as sessions_with_all_three,
    cast(sum(case when is_counted then view_count else 0 end) as int64) as view_count,
    cast(sum(revenue_amount) as numeric) as revenue_amount
from measured
group by session_start_date, customer_stage, rfm_segment, session_length
