{{ config(materialized='table') }}

{% set share = var('alert_missing_share') %}

with gaps as (
    select
        subject,
        min(case when is_telling then hour_number end) as first_hour,
        max(case when is_telling then hour_number end) as last_hour,
        min(case when is_telling then event_date end) as first_day,
        max(case when is_telling then event_date end) as last_day,
        sum(measured) as measured,
        least(sum(expected), sum(expected_by_others)) as expected,
        max(events_per_session) as events_per_session,
        sum(expected_before) >= 0.5 * sum(expected)
        and sum(measured_before) <= {{ share }} * sum(expected_before) as was_low_before,
        sum(expected_after) >= 0.5 * sum(expected)
        and sum(measured_after) <= {{ share }} * sum(expected_after) as was_low_after
    from {{ ref('int_gap_hours') }}
    group by subject, gap
),

-- The probability of so few events by chance is below e to the power of minus this number (Chernoff bound).
-- Sessions vary in length as well as in number, unless there are none.
scored as (
    select
        *,
        case
            when measured = 0 then expected / events_per_session
            else
                (expected - measured + measured * ln(measured / nullif(expected, 0)))
                / (2 * events_per_session - 1)
        end as sessions_missing
    from gaps
    where expected > measured
),

found as (
    select *
    from scored
    where
        sessions_missing >= {{ var('alert_min_sessions') }}
        and not coalesce(was_low_before, false)
        and not coalesce(was_low_after, false)
)

-- One failure is one alert: a gap in views includes carts, and a gap in all events includes both.
select
    'missing_events' as kind,
    found.subject,
    found.first_hour,
    found.last_hour,
    found.first_day,
    found.last_day,
    {{ clock_start('found.first_hour') }} as from_at,
    {{ clock_start('found.last_hour + 1') }} as to_at,
    {{ as_float('found.measured') }} as measured,
    found.expected,
    cast(null as numeric) as revenue_amount,
    'high' as severity,
    concat(
        {{ counted_in_words('found.measured', 'found.subject', zero='No') }},
        case when round(found.measured) = 1 then ' was' else ' were' end,
        ' recorded from ', {{ clock_in_words('found.first_hour') }},
        ' to ', {{ clock_in_words('found.last_hour + 1') }},
        ' {{ var("shop_timezone") }}, where ', {{ usual_in_words('found.expected') }},
        '. Tracking probably failed.'
    ) as sentence
from found
where not exists (
    select 1
    from found as others
    where
        others.first_hour <= found.last_hour + 1
        and others.last_hour >= found.first_hour - 1
        and (
            (found.subject = 'cart' and others.subject = 'view')
            or (
                found.subject != 'event' and others.subject = 'event'
                and not {{ is_longer('found', 'others') }}
            )
            or (
                found.subject = 'event' and others.subject != 'event'
                and {{ is_longer('others', 'found') }}
            )
        )
)
