{% set longest = var('cohort_history_days') %}
{% set day_of_month = 'least(last_day, ' ~ (longest + 1) ~ ')' %}

-- A customer is at risk of a second order until that order, or until today. Monthly cohorts end, or their
-- rows would grow with the square of the shop's age.
with customers as (
    select
        {{ period_start('month', 'first_order_date') }} as first_month,
        coalesce(first_order_date < censored_until, false) as is_left_censored,
        second_order_date is not null as has_repeated,
        {{ days_between('first_order_date', 'coalesce(second_order_date, as_of.as_of_date)') }} as last_day
    from {{ ref('int_buyers') }}
    cross join {{ ref('int_as_of') }} as as_of
    where {{ is_new_customer() }}
),

leaving as (
    {% for grain, cohort, day in [
        ('month', 'first_month', day_of_month),
        ('overall', 'cast(null as date)', 'last_day'),
        ('overall_uncensored', 'cast(null as date)', 'last_day'),
    ] -%}
    select
        '{{ grain }}' as cohort_grain,
        {{ cohort }} as cohort_start,
        {{ day }} as day_number,
        count(*) as leaving_count,
        {{ count_if('has_repeated') }} as repeated_count
    from customers
    {{ 'where not is_left_censored' if grain == 'overall_uncensored' }}
    group by {{ 'first_month, ' if grain == 'month' }}{{ day }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

cohorts as (
    select
        cohort_grain,
        cohort_start,
        max(day_number) as last_day
    from leaving
    group by cohort_grain, cohort_start
),

-- Every day has a row, including days without a repeat order, so the curve has no gaps.
every_day as (
    select * from leaving
    union all
    select
        cohorts.cohort_grain,
        cohorts.cohort_start,
        number as day_number,
        0 as leaving_count,
        0 as repeated_count
    from cohorts
    cross join {{ each_number(0, 'cohorts.last_day') }}
),

days as (
    select
        cohort_grain,
        cohort_start,
        day_number,
        sum(leaving_count) as leaving_count,
        sum(repeated_count) as repeated_count
    from every_day
    group by cohort_grain, cohort_start, day_number
),

counted as (
    select
        cohort_grain,
        cohort_start,
        day_number,
        cast(sum(leaving_count) over (partition by cohort_grain, cohort_start) as int64) as customer_count,
        cast(
            sum(leaving_count) over (
                partition by cohort_grain, cohort_start order by day_number
                rows between current row and unbounded following
            ) as int64
        ) as at_risk_count,
        cast(repeated_count as int64) as repeated_count
    from days
)

select * from counted
where cohort_grain != 'month' or day_number <= {{ longest }}
