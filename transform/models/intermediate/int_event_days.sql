{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

with days as (
    select
        event_date,
        count(*) as event_count,
        {{ count_if("event_type = 'view'") }} as view_count,
        {{ count_if("event_type = 'cart'") }} as cart_add_count,
        {{ count_if("event_type = 'purchase'") }} as purchase_count,
        cast(sum(duplicate_count - 1) as int64) as duplicate_row_count,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at
    from {{ ref('stg_events') }}
    where {{ near_built_days('event_at') }} and {{ in_built_days() }}
    group by event_date
)

-- A day whose tracking stopped early looks like a day of few sales: its last hour must have been heard of.
select
    *,
    (
        {{ epoch_micros(day_start(add_days('event_date', 1))) }} - {{ epoch_micros('last_event_at') }}
        <= {{ 60 * 60 * 1000000 }}
    ) as is_complete
from days
