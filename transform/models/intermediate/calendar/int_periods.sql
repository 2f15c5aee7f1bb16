{{ config(materialized='table') }}

{% set longest = var('anomaly_history_days') %}

with days as (
    select
        event_date,
        event_count,
        {{ days_between('lag(event_date) over (order by event_date)', 'event_date') }} as days_since_last
    from {{ ref('int_day_sums') }}
),

numbered as (
    select
        *,
        sum(case when days_since_last > {{ longest }} then 1 else 0 end) over (order by event_date)
            as period_number
    from days
),

periods as (
    select
        period_number,
        min(event_date) as first_day,
        max(event_date) as last_day,
        count(*) as day_count,
        sum(event_count) as event_count
    from numbered
    group by period_number
),

shares as (
    select
        *,
        event_count < {{ var('alert_outlying_share') }} * sum(event_count) over () as is_outlying
    from periods
)

-- The next period that counts: nothing is missing between an event with a wrong date and the others.
select
    *,
    min(case when not is_outlying then first_day end)
        over (order by period_number rows between 1 following and unbounded following) as next_day,
    count(case when not is_outlying then 1 end)
        over (order by period_number rows between unbounded preceding and current row) as period_before
from shares
