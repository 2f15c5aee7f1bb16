{{ config(materialized='table') }}

{% set longest = var('anomaly_history_days') %}

with days as (
    select
        event_date,
        {{ days_between('event_date', 'lead(event_date) over (order by event_date)') }} as days_to_next
    from {{ ref('int_day_sums') }}
),

-- A longer period without events is not filled: its days cannot be compared with others, and one event with
-- a wrong date must not create thousands of days.
listed as (
    select
        {{ add_days('days.event_date', 'number') }} as event_date,
        number = 0 as has_events
    from days
    cross join {{ each_number(0, longest - 1) }}
    where number = 0 or (number < days.days_to_next and days.days_to_next <= {{ longest }})
)

-- Leaves out dates that a time zone skipped, such as 30 December 2011 in Samoa.
select *
from listed
where has_events or {{ shop_date(hour_start('event_date', 12)) }} = event_date
