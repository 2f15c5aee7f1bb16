-- A month counts from its last day on, because an incomplete month would still change.
with months as (
    select distinct {{ period_start('month', add_days('as_of.first_date', 'number')) }} as month_start
    from {{ ref('int_as_of') }} as as_of
    cross join {{ each_number(0, days_between('as_of.first_date', 'as_of.as_of_date')) }}
),

ended as (
    select
        month_start,
        {{ add_days('month_start', -1) }} as previous_month_end_date,
        lead(month_start) over (order by month_start) as next_month_start
    from months
)

select
    ended.month_start,
    coalesce({{ add_days('ended.next_month_start', -1) }}, as_of.as_of_date) as month_end_date,
    ended.previous_month_end_date
from ended
cross join {{ ref('int_as_of') }} as as_of
where
    ended.next_month_start is not null
    or {{ period_start('month', add_days('as_of.as_of_date', 1)) }} > ended.month_start
