-- Each file whose ledger entry, rows and rejects disagree. Only a file with status loaded has rows.
with files as (
    select
        file_id,
        lines,
        rejected,
        case when status = 'loaded' then loaded else 0 end as loaded,
        status = 'loaded' as is_loaded
    from {{ source('raw', 'files') }}
),

events as (
    select file_id, count(*) as row_count
    from {{ source('raw', 'events') }}
    where {{ of_any_day() }}
    group by file_id
),

rejects as (
    select file_id, count(*) as row_count
    from {{ source('raw', 'rejects') }}
    group by file_id
),

counted as (
    select
        files.file_id as ledger_id,
        events.file_id,
        files.is_loaded,
        files.lines,
        files.loaded,
        files.rejected,
        coalesce(events.row_count, 0) as event_rows,
        coalesce(rejects.row_count, 0) as reject_rows
    from files
    full outer join events on files.file_id = events.file_id
    left join rejects on files.file_id = rejects.file_id
)

select *
from counted
where
    ledger_id is null
    or loaded != event_rows
    or (is_loaded and lines != loaded + rejected)
    or (is_loaded and rejected != reject_rows)
