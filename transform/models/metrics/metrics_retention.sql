with active as (
    {% for grain in ['month', 'week'] -%}
    select
        '{{ grain }}' as cohort_grain,
        {{ period_start(grain, 'first_order_date') }} as cohort_start,
        {{ period_start(grain, 'order_date') }} as period_start,
        cast(sum({{ grain }}_customer_count) as int64) as active_count
    from {{ ref('int_cohort_days') }}
    group by cohort_start, period_start
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

periods as (
    {{ every_period(ref('int_as_of')) }}
),

-- In its own period, the whole cohort is active. Weekly cohorts end after a while.
cells as (
    select
        cohorts.cohort_grain,
        cohorts.cohort_start,
        cohorts.active_count as customer_count,
        row_number() over (
            partition by cohorts.cohort_grain, cohorts.cohort_start order by periods.period_start
        ) - 1 as period_index,
        periods.period_start,
        coalesce(active.active_count, 0) as active_count,
        periods.period_start < periods.unfinished_start as is_complete,
        coalesce(cohorts.cohort_start < periods.censored_until, false) as is_left_censored,
        periods.as_of_date
    from active as cohorts
    inner join periods
        on
            cohorts.cohort_grain = periods.grain
            and cohorts.cohort_start <= periods.period_start
            and (
                cohorts.cohort_grain = 'month'
                or periods.period_start <= {{ add_days('cohorts.cohort_start', var('cohort_history_days')) }}
            )
    left join active
        on
            cohorts.cohort_grain = active.cohort_grain
            and cohorts.cohort_start = active.cohort_start
            and periods.period_start = active.period_start
    where cohorts.period_start = cohorts.cohort_start
),

finished as (
    select
        *,
        case when is_complete then customer_count end as finished_customer_count
    from cells
)

select
    cohort_grain,
    cohort_start,
    period_index,
    period_start,
    customer_count,
    active_count,
    is_complete,
    is_left_censored,
    {{ share_columns('retention_rate', 'active_count', 'finished_customer_count') }},
    as_of_date
from finished
