{{ config(materialized='table') }}

{% set share = var('alert_missing_share') %}

-- Low both in number and beside the other events of its hour: a quiet holiday lowers only the first. Of hours
-- without any event nothing can be said of a type: they neither end a gap nor add to it.
with low_hours as (
    select
        subject,
        hour_number,
        event_date,
        measured,
        case when subject = 'event' or event_count > 0 then expected else 0 end as expected,
        case
            when subject = 'event' then expected
            else coalesce(expected_ratio * (event_count - measured), 0)
        end as expected_by_others,
        hour_number - row_number() over (partition by subject order by hour_number) as gap
    from {{ ref('int_expected_hours') }}
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
        avg(expected) over (partition by subject, gap) as average_expected
    from low_hours
)

-- What the same hours had a week before and after, where these are not of the gap itself: a shop that closes
-- on Sundays does so more than once.
select
    hours.subject,
    hours.gap,
    hours.hour_number,
    hours.event_date,
    hours.measured,
    hours.expected,
    hours.expected_by_others,
    hours.expected >= least(
        sizes.events_per_session * {{ var('alert_least_sessions') }} / 10e0, hours.average_expected
    ) as is_telling,
    sizes.events_per_session,
    before.measured as measured_before,
    case when before.measured is not null then hours.expected end as expected_before,
    later.measured as measured_after,
    case when later.measured is not null then hours.expected end as expected_after
from bounded as hours
inner join {{ ref('int_session_sizes') }} as sizes on hours.subject = sizes.subject
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
