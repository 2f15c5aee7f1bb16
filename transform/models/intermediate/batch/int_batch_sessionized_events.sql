-- Uses windows only for the few keys that may be several sessions or cover several days.
with sessionized as (
    select
        events.*,
        lag(events.event_at) over (partition by events.session_key order by events.event_at) as previous_at
    from {{ ref('int_batch_events') }} as events
    inner join {{ ref('int_batch_keys') }} as keys on events.session_key = keys.session_key
    where not keys.is_single_session
),

starts as (
    select
        *,
        coalesce(
            {{ epoch_micros('event_at') }} - {{ epoch_micros('previous_at') }}
            > {{ session_timeout_micros() }},
            true
        ) as is_start
    from sessionized
)

select
    *,
    max(case when is_start then event_at end) over (
        partition by session_key order by event_at
        range between unbounded preceding and current row
    ) as began_at
from starts
