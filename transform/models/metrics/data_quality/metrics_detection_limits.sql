{% set weeks = var('anomaly_history_days') // 7 %}
{% set hour_of_week = 'mod(' ~ hour_number('hours.event_date', 'hours.hour_of_day') ~ ' + 168000000, 168)' %}

-- The last complete weeks of the data.
with periods as (
    select
        last_day,
        least({{ weeks }}, {{ whole_quotient(days_between('first_day', 'last_day') ~ ' + 1', 7) }})
            as week_count
    from {{ ref('int_periods') }}
    where not is_outlying
),

newest as (
    select *
    from periods
    qualify row_number() over (order by last_day desc) = 1
),

counted as (
    {% for subject in ['event', 'view', 'cart_add', 'purchase'] -%}
    select
        '{{ subject | replace('_add', '') }}' as subject,
        {{ hour_of_week }} as hour_of_week,
        sum(hours.{{ subject }}_count) as event_count
    from {{ ref('int_event_hours') }} as hours
    inner join newest
        on
            hours.event_date > {{ add_days('newest.last_day', '-7 * newest.week_count') }}
            and hours.event_date <= newest.last_day
    group by {{ hour_of_week }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- An alert needs this many events in the hours of a gap; all counts are sums over the weeks.
needed as (
    select
        counted.subject,
        max(newest.week_count) as week_count,
        cast(sum(counted.event_count) as int64) as total_count,
        max(sizes.events_per_session * {{ var('alert_min_sessions') }} * newest.week_count) as least_count
    from counted
    inner join {{ ref('int_session_sizes') }} as sizes on counted.subject = sizes.subject
    cross join newest
    group by counted.subject
    having sum(counted.event_count) > 0
),

-- Two weeks, so that an outage may begin in any hour of the first. Complete weeks of it count separately.
places as (
    select
        needed.subject,
        number as place,
        ceil(needed.least_count / needed.total_count) - 1 as full_weeks,
        coalesce(counted.event_count, 0) as event_count,
        sum(coalesce(counted.event_count, 0)) over (partition by needed.subject order by number)
            as count_so_far,
        needed.least_count - (ceil(needed.least_count / needed.total_count) - 1) * needed.total_count
            as remaining_count
    from needed
    cross join {{ each_number(0, 335) }}
    left join counted on needed.subject = counted.subject and mod(number, 168) = counted.hour_of_week
),

outages as (
    select
        begins.subject,
        cast(min(ends.place) - begins.place + 1 + 168 * begins.full_weeks as int64) as hour_count
    from places as begins
    inner join places as ends
        on begins.subject = ends.subject and ends.place between begins.place and begins.place + 167
    where
        begins.place < 168
        and ends.count_so_far - begins.count_so_far + begins.event_count >= begins.remaining_count
    group by begins.subject, begins.place, begins.full_weeks
),

limits as (
    select
        needed.subject,
        needed.total_count / (7e0 * needed.week_count) as usual_per_day,
        case when needed.week_count > {{ var('anomaly_min_days') }} then min(outages.hour_count) end
            as min_hours,
        case when needed.week_count > {{ var('anomaly_min_days') }} then max(outages.hour_count) end
            as max_hours
    from needed
    inner join outages on needed.subject = outages.subject
    group by needed.subject, needed.week_count, needed.total_count
)

select
    limits.*,
    concat(
        'Outages of ', case when limits.subject = 'event' then 'all event' else limits.subject end, 's ',
        case
            when limits.min_hours is null then 'cannot be seen yet: there are too few weeks of history.'
            when limits.min_hours = 1
                then concat(
                    'are usually seen from ', {{ counted_in_words('limits.max_hours', "'hour'") }}, ' on.'
                )
            else concat(
                'under ', {{ in_words('limits.min_hours') }}, ' hours cannot be seen at this volume (',
                case
                    when limits.usual_per_day < 1 then 'less than 1'
                    else {{ in_words('limits.usual_per_day') }}
                end,
                ' a day). They are usually seen from ', {{ in_words('limits.max_hours') }}, ' hours on.'
            )
        end
    ) as sentence,
    as_of.as_of_date
from limits
cross join {{ ref('int_as_of') }} as as_of
