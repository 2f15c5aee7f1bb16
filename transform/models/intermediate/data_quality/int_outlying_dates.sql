-- A few events, months or years away from all others, do not mean that the shop was inactive in between.
with runs as (
    select
        period_before,
        min(first_day) as first_day,
        max(last_day) as last_day,
        sum(event_count) as measured
    from {{ ref('int_periods') }}
    where is_outlying
    group by period_before
)

select
    'outlying_dates' as kind,
    'event' as subject,
    {{ clock_start(hour_number('first_day', 0)) }} as from_at,
    {{ clock_start(hour_number('last_day', 24)) }} as to_at,
    {{ as_float('measured') }} as measured,
    {{ as_float('null') }} as expected,
    cast(null as numeric) as revenue_amount,
    'high' as severity,
    concat(
        {{ counted_in_words('measured', "'event'") }}, case when measured = 1 then ' is' else ' are' end,
        ' dated ', {{ days_in_words('first_day', 'last_day') }},
        ', far from all other days. A clock was probably wrong. Metrics use these dates.'
    ) as sentence
from runs
