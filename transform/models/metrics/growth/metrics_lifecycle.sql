with periods as (
    {{ every_period(ref('int_as_of')) }}
),

sums as (
    {% for grain in ['month', 'week'] -%}
    select
        '{{ grain }}' as grain,
        {{ period_start(grain, 'order_date') }} as period_start,
        sum({{ grain }}_customer_count) as active_count,
        sum(
            case
                when {{ period_start(grain, 'first_order_date') }} = {{ period_start(grain, 'order_date') }}
                    then {{ grain }}_customer_count
                else 0
            end
        ) as new_count,
        sum({{ grain }}_returning_count) as returning_count
    from {{ ref('int_cohort_days') }}
    group by period_start
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

filled as (
    select
        periods.*,
        cast(coalesce(sums.active_count, 0) as int64) as active_count,
        cast(coalesce(sums.new_count, 0) as int64) as new_count,
        cast(coalesce(sums.returning_count, 0) as int64) as returning_count,
        periods.period_start >= periods.first_date and periods.period_start < periods.unfinished_start
            as is_complete
    from periods
    left join sums on periods.grain = sums.grain and periods.period_start = sums.period_start
),

compared as (
    select
        *,
        active_count - new_count - returning_count as resurrected_count,
        lag(active_count) over (partition by grain order by period_start) as previous_active_count,
        coalesce(lag(is_complete) over (partition by grain order by period_start), false)
            as is_previous_complete
    from filled
),

ended as (
    select
        *,
        case when is_complete and is_previous_complete then previous_active_count - returning_count end
            as dormant_count
    from compared
)

select
    grain,
    period_start,
    active_count,
    new_count,
    returning_count,
    resurrected_count,
    dormant_count,
    new_count + resurrected_count as gained_count,
    {{ rate('new_count + resurrected_count', 'dormant_count') }} as quick_ratio,
    is_complete,
    coalesce(period_start < censored_until, false) as is_left_censored,
    as_of_date
from ended
