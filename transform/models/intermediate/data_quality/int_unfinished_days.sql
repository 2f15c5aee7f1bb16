-- Days without any event between the first and the last, and the last one where it is not over.
with days as (
    select
        event_date,
        {{ add_days('lag(event_date) over (order by event_date)', 1) }} as silent_from,
        {{ add_days('event_date', -1) }} as silent_to,
        event_date = max(event_date) over () and not is_complete as is_running,
        last_event_at
    from {{ ref('int_event_days') }}
)

select
    'no_events' as kind,
    'event' as subject,
    {{ day_start('silent_from') }} as from_at,
    {{ day_start('event_date') }} as to_at,
    {{ as_float(0) }} as measured,
    {{ as_float('null') }} as expected,
    cast(null as numeric) as revenue_amount,
    'high' as severity,
    concat(
        {{ days_in_words('silent_from', 'silent_to') }}, ' without any event: a file may be missing.'
    ) as sentence
from days
where
    silent_from < event_date
    and not exists (
        select 1
        from {{ ref('int_missing_events') }} as missing
        where
            missing.subject = 'event'
            and missing.from_at < {{ day_start('days.event_date') }}
            and missing.to_at > {{ day_start('days.silent_from') }}
    )
union all
select
    'unfinished_day' as kind,
    'event' as subject,
    {{ day_start('event_date') }} as from_at,
    {{ day_start(add_days('event_date', 1)) }} as to_at,
    {{ as_float(0) }} as measured,
    {{ as_float('null') }} as expected,
    cast(null as numeric) as revenue_amount,
    'low' as severity,
    concat(
        cast(event_date as string), ' is known until ', {{ minute_in_words('last_event_at') }},
        ' UTC; it is compared with nothing.'
    ) as sentence
from days
where is_running
