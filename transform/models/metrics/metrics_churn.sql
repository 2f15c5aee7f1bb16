{% set window = var('cohort_window_days') %}

-- Only who could have come back for the whole window may count as gone: cohorts then compare.
with followed as (
    select
        buyers.first_order_date,
        {{ days_between('buyers.first_order_date', 'as_of.as_of_date') }} as days_observed,
        {{ days_between('buyers.first_order_date', 'buyers.second_order_date') }} as days_to_repeat
    from {{ ref('int_buyers') }} as buyers
    cross join {{ ref('int_as_of') }} as as_of
),

periods as (
    {% for grain in ['month', 'week'] -%}
    select
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'first_order_date') }} as cohort_start,
        count(*) as customer_count,
        {{ count_if('days_observed >= ' ~ window) }} as observed_count,
        {{ count_if('days_observed >= ' ~ window ~ ' and days_to_repeat <= ' ~ window) }} as repeated_count
    from followed
    group by {{ period_start(grain, 'first_order_date') }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

cohorts as (
    select * from periods
    union all
    select
        'overall' as cohort_grain,
        cast(null as date) as cohort_start,
        cast(coalesce(sum(customer_count), 0) as int64) as customer_count,
        cast(coalesce(sum(observed_count), 0) as int64) as observed_count,
        cast(coalesce(sum(repeated_count), 0) as int64) as repeated_count
    from periods
    where cohort_grain = 'month'
)

select
    cohorts.cohort_grain,
    cohorts.cohort_start,
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
