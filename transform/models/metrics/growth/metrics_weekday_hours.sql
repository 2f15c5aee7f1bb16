{% set counts = ['session_count', 'sessions_with_view', 'sessions_with_view_and_purchase', 'order_count'] -%}

-- Only days that are over and have no gap in the tracking, so that weekdays are comparable.
with days as (
    select
        event_date,
        1 + {{ days_between(period_start('week', 'event_date'), 'event_date') }} as weekday
    from {{ ref('int_event_days') }}
    where
        is_complete
        and event_date not in (select order_date from {{ ref('int_missing_sales') }})
),

weekdays as (
    select
        weekday,
        count(*) as day_count
    from days
    group by weekday
),

sums as (
    select
        days.weekday,
        hours.hour_of_day,
        {% for count in counts -%}
        sum(hours.{{ count }}) as {{ count }},
        {% endfor -%}
        sum(hours.revenue_amount) as revenue_amount
    from {{ ref('int_session_hours') }} as hours
    inner join days on hours.session_start_date = days.event_date
    group by days.weekday, hours.hour_of_day
),

filled as (
    select
        weekdays.weekday,
        weekdays.day_count,
        number as hour_of_day
    from weekdays
    cross join {{ each_number(0, 23) }}
),

cells as (
    select
        filled.*,
        {% for count in counts -%}
        cast(coalesce(sums.{{ count }}, 0) as int64) as {{ count }},
        {% endfor -%}
        cast(coalesce(sums.revenue_amount, 0) as numeric) as revenue_amount,
        coalesce(overall.view_to_purchase_design_effect, 1e0) as design_effect,
        overall.sessions_with_purchase > 0 as has_purchases,
        as_of.as_of_date
    from filled
    left join sums on filled.weekday = sums.weekday and filled.hour_of_day = sums.hour_of_day
    cross join {{ ref('metrics_conversion_rates_overall') }} as overall
    cross join {{ ref('int_as_of') }} as as_of
)

select
    weekday,
    hour_of_day,
    day_count,
    session_count,
    sessions_with_view,
    sessions_with_view_and_purchase,
    order_count,
    revenue_amount,
    {{ share_columns(
        'view_to_purchase_rate', 'sessions_with_view_and_purchase',
        '(case when has_purchases then sessions_with_view end)', 'design_effect'
    ) }},
    as_of_date
from cells
