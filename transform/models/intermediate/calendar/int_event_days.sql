{{ config(materialized='table') }}

with days as (
    select
        *,
        last_hour * 3600
        + {{ whole_quotient(
            epoch_micros('last_event_at') ~ ' - ' ~ epoch_micros(hour_start('event_date', 'last_hour')), 1000000
        ) }} as last_second,
        max(event_date) over () as last_date
    from {{ ref('int_day_sums') }}
),

-- The usual time of the last event, on the weekday of the last day and on all days.
earlier as (
    select
        'weekday' as kind,
        last_second
    from days
    where
        event_date >= {{ add_days('last_date', -var('anomaly_history_days')) }}
        and event_date < last_date
        and mod({{ days_between('event_date', 'last_date') }}, 7) = 0
    union all
    select
        'day' as kind,
        last_second
    from days
    where
        event_date >= {{ add_days('last_date', -var('anomaly_history_days')) }}
        and event_date < last_date
),

spread as (
    select
        kind,
        {{ percentile('last_second', 0.5, 'kind') }} as usual,
        {{ percentile('last_second', 0.95, 'kind') }} as latest
    from earlier
),

-- If this time varies by more than an hour, only a late event shows that a day is over.
bounds as (
    select
        kind,
        max(latest - usual) <= 3600 as is_regular,
        max(
            case when latest - usual <= 3600 then usual - greatest(latest - usual, 900) else latest end
        ) as least_second
    from spread
    group by kind
    having count(*) >= {{ var('anomaly_min_days') }}
),

expected as (
    select
        coalesce(
            max(case when kind = 'weekday' and is_regular then least_second end),
            max(case when kind = 'day' then least_second end),
            23 * 3600
        ) as least_second
    from bounds
)

select
    days.event_date,
    days.event_count,
    days.view_count,
    days.cart_add_count,
    days.purchase_count,
    days.duplicate_row_count,
    days.duplicate_purchase_count,
    days.duplicate_revenue_amount,
    days.first_event_at,
    days.last_event_at,
    days.product_count,
    (days.event_date < days.last_date or days.last_second >= expected.least_second)
    and not exists (
        select 1
        from {{ ref('int_missing_events') }} as missing
        where
            missing.subject = 'event'
            and days.event_date between missing.first_day and missing.last_day
    ) as is_complete
from days
cross join expected
