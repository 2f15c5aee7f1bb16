-- Rows lost or duplicated between the loaded rows and the facts.
with totals as (
    select
        (
            select count(*)
            from {{ source('raw', 'events') }}
            where {{ of_any_day() }}
        ) as lines,
        (select sum(event_count + duplicate_row_count) from {{ ref('int_event_days') }}) as lines_of_days,
        (select sum(event_count) from {{ ref('int_event_days') }}) as events,
        (select sum(event_count) from {{ ref('int_sessions') }}) as events_of_sessions,
        (select sum(event_count) from {{ ref('int_product_attribute_days') }}) as events_of_products,
        (select sum(event_count) from {{ ref('int_user_activity') }}) as events_of_users
)

select *
from totals
where
    lines != coalesce(lines_of_days, 0)
    or events != coalesce(events_of_sessions, 0)
    or events != coalesce(events_of_products, 0)
    or events != coalesce(events_of_users, 0)
