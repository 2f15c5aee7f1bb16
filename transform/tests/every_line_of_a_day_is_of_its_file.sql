{{ config(tags='daily') }}

-- Files and UTC days of this build whose number of rows differs from the ledger.
with ledger as (
    select
        file_id,
        event_date,
        event_count
    from {{ source('raw', 'file_days') }}
    where {{ in_batch_days() }}
),

events as (
    select
        file_id,
        cast(event_time as date) as event_date,
        count(*) as event_count
    from {{ source('raw', 'events') }}
    where
        event_time between timestamp '{{ var("batch_from") }} 00:00:00'
        and timestamp '{{ var("batch_to") }} 23:59:59.999999'
    group by file_id, event_date
)

select
    coalesce(ledger.file_id, events.file_id) as file_id,
    coalesce(ledger.event_date, events.event_date) as event_date,
    ledger.event_count as ledger_count,
    events.event_count
from ledger
full outer join events on ledger.file_id = events.file_id and ledger.event_date = events.event_date
where coalesce(ledger.event_count, 0) != coalesce(events.event_count, 0)
