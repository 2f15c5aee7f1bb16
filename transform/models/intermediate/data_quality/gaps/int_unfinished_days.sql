-- Days without events between the first and the last day, and the last day if it is not over.
with silent as (
    select
        min(event_date) as first_day,
        max(event_date) as last_day,
        sum(expected) as expected
    from {{ ref('int_silent_days') }}
    where is_reported
    group by run
    union all
    select
        {{ add_days('max(last_day)', 1) }} as first_day,
        {{ add_days('min(next_day)', -1) }} as last_day,
        cast(null as int64) as expected
    from {{ ref('int_periods') }}
    where not is_outlying and next_day is not null
    group by period_number
),

missing as (
    select * from {{ ref('int_missing_events') }}
    where subject = 'event'
),

-- A long silence rarely begins or ends at midnight: the hours before and after it belong to it.
bounded as (
    select
        silent.first_day,
        silent.last_day,
        silent.expected,
        min(earlier.from_at) as from_at,
        max(later.to_at) as to_at
    from silent
    left join missing as earlier on silent.first_day = {{ add_days('earlier.last_day', 1) }}
    left join missing as later on silent.last_day = {{ add_days('later.first_day', -1) }}
    group by silent.first_day, silent.last_day, silent.expected
),

last_days as (
    select
        event_date,
        last_event_at
    from {{ ref('int_event_days') }}
    where not is_complete and event_date = (select max(event_date) from {{ ref('int_event_days') }})
)

select
    'no_events' as kind,
    'event' as subject,
    coalesce(bounded.from_at, {{ clock_start(hour_number('bounded.first_day', 0)) }}) as from_at,
    coalesce(bounded.to_at, {{ clock_start(hour_number('bounded.last_day', 24)) }}) as to_at,
    {{ as_float(0) }} as measured,
    {{ as_float('bounded.expected') }} as expected,
    cast(null as numeric) as revenue_amount,
    'high' as severity,
    concat(
        {{ days_in_words('bounded.first_day', 'bounded.last_day') }},
        ': no events. A file is missing, or the shop was closed.'
    ) as sentence
from bounded
where
    not exists (
        select 1
        from missing
        where missing.first_day <= bounded.last_day and missing.last_day >= bounded.first_day
    )
union all
select
    'unfinished_day' as kind,
    'event' as subject,
    {{ clock_start(hour_number('event_date', 0)) }} as from_at,
    {{ clock_start(hour_number('event_date', 24)) }} as to_at,
    {{ as_float(0) }} as measured,
    {{ as_float('null') }} as expected,
    cast(null as numeric) as revenue_amount,
    'low' as severity,
    concat(
        cast(event_date as string), ': the last event is at ', {{ minute_in_words('last_event_at') }},
        ' UTC. The day is incomplete, so comparisons leave it out.'
    ) as sentence
from last_days
