{{ config(
    meta={'replaces': 'later sessions'},
    on_schema_change='fail',
    partition_by={'field': 'session_start_date', 'data_type': 'date'},
) }}

{% set counts = ['session_count', 'sessions_with_view', 'sessions_with_view_and_purchase', 'order_count'] %}

with counted as (
    select
        session_start_date,
        {{ shop_hour('session_start_at') }} as hour_of_day,
        {{ count_if(is_counted_session('event_count')) }} as session_count,
        {{ count_if(is_counted_session('event_count') ~ ' and view_count > 0') }} as sessions_with_view,
        {{ count_if(is_counted_session('event_count') ~ ' and view_count > 0 and purchase_count > 0') }}
            as sessions_with_view_and_purchase,
        0 as order_count,
        cast(0 as numeric) as revenue_amount
    from {{ ref('int_sessions') }}
    where session_start_date >= {{ sessions_changed_from() }}
    group by session_start_date, {{ shop_hour('session_start_at') }}
    union all
    select
        order_date as session_start_date,
        {{ shop_hour('ordered_at') }} as hour_of_day,
        0 as session_count,
        0 as sessions_with_view,
        0 as sessions_with_view_and_purchase,
        count(*) as order_count,
        sum(order_amount) as revenue_amount
    from {{ ref('int_orders') }}
    where order_date >= {{ sessions_changed_from() }}
    group by order_date, {{ shop_hour('ordered_at') }}
)

select
    session_start_date,
    hour_of_day,
    {% for count in counts -%}
    cast(sum({{ count }}) as int64) as {{ count }},
    {% endfor -%}
    cast(sum(revenue_amount) as numeric) as revenue_amount
from counted
group by session_start_date, hour_of_day
