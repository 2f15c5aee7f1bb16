-- Files whose ledger entry, days and rejects disagree, and one row without an id if the total number of rows
-- differs from the ledger. Rows of each file are counted when their day is built. Only a file with status
-- loaded has rows.
with files as (
    select
        file_id,
        lines,
        rejected,
        coalesce(ignored, 0) as ignored,
        coalesce(forgotten, 0) as forgotten,
        case when status = 'loaded' then loaded else 0 end as loaded,
        status = 'loaded' as is_loaded
    from {{ source('raw', 'files') }}
),

days as (
    select file_id, sum(event_count) as row_count
    from {{ source('raw', 'file_days') }}
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
        days.file_id,
        files.is_loaded,
        files.lines,
        files.loaded,
        files.rejected,
        files.ignored,
        files.forgotten,
        coalesce(days.row_count, 0) as event_rows,
        coalesce(rejects.row_count, 0) as reject_rows
    from files
    full outer join days on files.file_id = days.file_id
    left join rejects on files.file_id = rejects.file_id
),

totals as (
    select
        (select coalesce(sum(loaded), 0) from files) as loaded,
        (
            select count(*)
            from {{ source('raw', 'events') }}
            where {{ of_any_day() }}
        ) as event_rows
)

select
    file_id,
    loaded,
    event_rows,
    rejected,
    reject_rows
from counted
where
    ledger_id is null
    or loaded != event_rows
    or (is_loaded and lines != loaded + rejected + ignored + forgotten)
    or (is_loaded and rejected != reject_rows)
union all
select
    null as file_id,
    loaded,
    event_rows,
    null as rejected,
    null as reject_rows
from totals
where loaded != event_rows
