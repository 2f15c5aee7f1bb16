{{ config(materialized='table') }}

{% set share = var('alert_missing_share') %}

{# Views come several to a session: it takes so many more of them to say as much as purchases do. #}
{% set least = var('alert_least_events') %}

-- Low both in number and among the events of its hour: a quiet holiday lowers only the first. Of hours
-- without any event nothing can be said of a type: they neither end a gap nor add to it.
with low_hours as (
    select
        subject,
        hour_number,
        measured,
        case when subject = 'event' or event_count > 0 then expected else 0 end as expected,
        case when subject in ('event', 'view') then {{ 5 * least }} else {{ least }} end as least_in_all,
        case when subject in ('event', 'view') then {{ least }} else {{ least }} / 10 end as least_of_an_hour,
        hour_number - row_number() over (partition by subject order by hour_number) as gap
    from {{ ref('int_expected_hours') }}
    where
        (subject = 'event' and event_count = 0)
        or (
            subject != 'event'
            and measured <= {{ share }} * expected
            and measured <= {{ share }} * coalesce(expected_share * event_count, 0)
        )
),

-- An hour in which hardly anything is usual tells neither where a gap begins nor where it ends; in a small
-- shop that is an hour below the gap's average.
telling_hours as (
    select
        *,
        expected >= least(least_of_an_hour, avg(expected) over (partition by subject, gap)) as is_telling
    from low_hours
),

gaps as (
    select
        hours.subject,
        min(case when hours.is_telling then hours.hour_number end) as first_hour,
        max(case when hours.is_telling then hours.hour_number end) as last_hour,
        sum(hours.measured) as measured,
        sum(hours.expected) as expected
    from telling_hours as hours
    group by hours.subject, hours.gap
    having sum(hours.expected) >= max(hours.least_in_all)
),

dated as (
    select
        *,
        {{ hour_start('first_hour') }} as from_at,
        {{ hour_start('last_hour + 1') }} as to_at
    from gaps
)

select
    'missing_events' as kind,
    subject,
    from_at,
    to_at,
    {{ as_float('measured') }} as measured,
    expected,
    cast(null as numeric) as revenue_amount,
    'high' as severity,
    concat(
        'From ', {{ minute_in_words('from_at') }}, ' to ', {{ minute_in_words('to_at') }}, ' UTC ',
        {{ counted_in_words('measured', 'subject') }}, ' came in, where ', {{ usual_in_words('expected') }},
        ': the tracking seems to have failed.'
    ) as sentence
from dated
where
    subject != 'event'
    or not exists (
        select 1
        from dated as types
        where
            types.subject != 'event'
            and types.from_at <= dated.to_at
            and types.to_at >= dated.from_at
    )
