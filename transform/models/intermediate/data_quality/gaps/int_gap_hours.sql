{{ config(materialized='table') }}

{% set share = var('alert_missing_share') %}

with hours as (
    select
        *,
        sum(measured) over (partition by subject, event_date) as measured_of_day,
        sum(expected) over (partition by subject, event_date) as expected_of_day
    from {{ ref('int_expected_hours') }}
),

-- Low both in number and relative to the other events of the hour: a quiet holiday lowers only the number.
-- Hours without any event say nothing about a type: they neither end a gap nor add to it.
low_hours as (
    select
        *,
        hour_number - row_number() over (partition by subject order by hour_number) as gap
    from hours
    where
        (subject = 'event' and event_count = 0)
        or (
            subject != 'event'
            and measured <= {{ share }} * expected
            and measured <= {{ share }} * coalesce(expected_ratio * (event_count - measured), 0)
        )
),

bounded as (
    select
        *,
        min(hour_number) over (partition by subject, gap) as first_hour,
        max(hour_number) over (partition by subject, gap) as last_hour,
        round(sum(expected) over (partition by subject, gap, event_date), 9) as expected_of_gap,
        case when subject = 'event' or event_count > 0 then expected else 0 end as counted
    from low_hours
),

sized as (
    select
        bounded.*,
        sizes.events_per_session,
        round(avg(bounded.counted) over (partition by bounded.subject, bounded.gap), 9) as average_expected,
        5 * sizes.events_per_session as few
    from bounded
    inner join {{ ref('int_session_sizes') }} as sizes on bounded.subject = sizes.subject
)

-- For all events, the rest of the day shows whether it is a quiet day. The same hours one week before and
-- after count if they are outside the gap: a shop that closes on Sundays closes on more than one Sunday.
select
    hours.subject,
    hours.gap,
    hours.hour_number,
    hours.event_date,
    hours.measured,
    hours.counted as expected,
    round(case
        when hours.subject = 'event'
            then hours.expected * least(
                1, (hours.measured_of_day + hours.few)
                / (hours.expected_of_day - hours.expected_of_gap + hours.few)
            )
        else coalesce(hours.expected_ratio * (hours.event_count - hours.measured), 0)
    end, 9) as expected_by_others,
    -- Rounded sums compare alike whatever the order of summation.
    hours.counted + 1e-6
    >= least(hours.events_per_session * {{ var('alert_min_sessions') }} / 10e0, hours.average_expected)
        as is_telling,
    hours.events_per_session,
    before.measured as measured_before,
    case when before.measured is not null then hours.counted end as expected_before,
    later.measured as measured_after,
    case when later.measured is not null then hours.counted end as expected_after
from sized as hours
left join {{ ref('int_expected_hours') }} as before
    on
        hours.subject = before.subject
        and hours.hour_number - 168 = before.hour_number
        and hours.hour_number - 168 < hours.first_hour
left join {{ ref('int_expected_hours') }} as later
    on
        hours.subject = later.subject
        and hours.hour_number + 168 = later.hour_number
        and hours.hour_number + 168 > hours.last_hour
