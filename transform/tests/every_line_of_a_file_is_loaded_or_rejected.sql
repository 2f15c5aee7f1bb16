-- Each file with lines of the days just built whose ledger entry, rows and rejects disagree: only a file with
-- status loaded has rows. And a row without an id where all files' are not as many as the ledger says.
with files as (
    select
        file_id,
        lines,
        rejected,
        case when status = 'loaded' then loaded else 0 end as loaded,
        status = 'loaded' as is_loaded,
        coalesce(
            first_date <= {{ add_days(built_to(), 1) }} and last_date >= {{ add_days(built_from(), -1) }},
            true
        ) as is_looked_at
    from {{ source('raw', 'files') }}
),

events as (
    select events.file_id, count(*) as row_count
    from {{ source('raw', 'events') }} as events
    inner join files on events.file_id = files.file_id
    where files.is_looked_at and {{ of_any_day() }}
    group by events.file_id
),

rejects as (
    select file_id, count(*) as row_count
    from {{ source('raw', 'rejects') }}
    group by file_id
),

counted as (
    select
        files.file_id,
        files.is_loaded,
        files.lines,
        files.loaded,
        files.rejected,
        coalesce(events.row_count, 0) as event_rows,
        coalesce(rejects.row_count, 0) as reject_rows
    from files
    left join events on files.file_id = events.file_id
    left join rejects on files.file_id = rejects.file_id
    where files.is_looked_at
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

select file_id, loaded, event_rows, rejected, reject_rows
from counted
where
    loaded != event_rows
    or (is_loaded and lines != loaded + rejected)
    or (is_loaded and rejected != reject_rows)
union all
select null as file_id, loaded, event_rows, null as rejected, null as reject_rows
from totals
where loaded != event_rows
