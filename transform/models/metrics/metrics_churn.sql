{% set window = var('cohort_window_days') %}

-- Counts only customers who were observed for the whole window, so that cohorts are comparable.
with followed as (
    select
        buyers.first_order_date,
        coalesce(buyers.first_order_date < as_of.censored_until, false) as is_left_censored,
        {{ days_between('buyers.first_order_date', 'as_of.as_of_date') }} as days_observed,
        {{ days_between('buyers.first_order_date', 'buyers.second_order_date') }} as days_to_repeat
    from {{ ref('int_buyers') }} as buyers
    cross join {{ ref('int_as_of') }} as as_of
    where {{ is_new_customer('buyers.') }}
),

periods as (
    {% for grain in ['month', 'week'] -%}
    select
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'first_order_date') }} as cohort_start,
        is_left_censored,
        count(*) as customer_count,
        {{ count_if('days_observed >= ' ~ window) }} as observed_count,
        {{ count_if('days_observed >= ' ~ window ~ ' and days_to_repeat <= ' ~ window) }} as repeated_count
    from followed
    group by {{ period_start(grain, 'first_order_date') }}, is_left_censored
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- One censored customer makes the whole cohort censored.
cohorts as (
    select
        cohort_grain,
        cohort_start,
        max(case when is_left_censored then 1 else 0 end) = 1 as is_left_censored,
        cast(sum(customer_count) as int64) as customer_count,
        cast(sum(observed_count) as int64) as observed_count,
        cast(sum(repeated_count) as int64) as repeated_count
    from periods
    group by cohort_grain, cohort_start
    {% for grain, of_whom in [('overall', 'true'), ('overall_uncensored', 'not is_left_censored')] -%}
    union all
    select
        '{{ grain }}' as cohort_grain,
        cast(null as date) as cohort_start,
        coalesce(max(case when is_left_censored then 1 else 0 end), 0) = 1 as is_left_censored,
        cast(coalesce(sum(customer_count), 0) as int64) as customer_count,
        cast(coalesce(sum(observed_count), 0) as int64) as observed_count,
        cast(coalesce(sum(repeated_count), 0) as int64) as repeated_count
    from periods
    where cohort_grain = 'month' and {{ of_whom }}
    {% endfor %}
)

select
    cohorts.cohort_grain,
    cohorts.cohort_start,
    cohorts.is_left_censored,
    cohorts.customer_count,
    cohorts.observed_count,
    cohorts.repeated_count,
    cohorts.observed_count - cohorts.repeated_count as churned_count,
    {{ share_columns(
        'churn_rate', '(cohorts.observed_count - cohorts.repeated_count)', 'cohorts.observed_count'
    ) }},
    as_of.as_of_date
from cohorts
cross join {{ ref('int_as_of') }} as as_of
