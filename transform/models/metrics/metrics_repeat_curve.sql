{% set until_then = 'over (partition by cohort_grain, cohort_start order by day_number)' %}
{% set daily_rate = rate('repeated_count', 'at_risk_count') %}

-- Kaplan and Meier: of those at risk on each day, the share that came through it, multiplied.
with products as (
    select
        *,
        case
            when repeated_count = at_risk_count then 0
            else round(exp(sum(ln(1 - nullif({{ daily_rate }}, 1))) {{ until_then }}), 12)
        end as survival,
        sum({{ daily_rate }} / nullif(at_risk_count - repeated_count, 0)) {{ until_then }} as greenwood
    from {{ ref('int_repeat_days') }}
),

-- The interval is symmetric for ln(-ln(survival)), so that it stays between 0 and 1.
intervals as (
    select
        *,
        case when survival not in (0, 1) then {{ z_of_interval() }} * sqrt(greenwood) / ln(survival) end
            as margin
    from products
)

select
    intervals.cohort_grain,
    intervals.cohort_start,
    case
        when intervals.cohort_grain = 'overall_uncensored' or as_of.censored_until is null then false
        else coalesce(intervals.cohort_start, as_of.first_date) < as_of.censored_until
    end as is_left_censored,
    intervals.day_number,
    intervals.customer_count,
    intervals.at_risk_count,
    intervals.repeated_count,
    intervals.survival,
    {% for bound, sign in [('low', '-'), ('high', '+')] -%}
    coalesce(round(power(intervals.survival, exp({{ sign }}intervals.margin)), 12), intervals.survival)
        as survival_{{ bound }},
    {% endfor -%}
    min(case when intervals.survival <= 0.5 then intervals.day_number end) over (
        partition by intervals.cohort_grain, intervals.cohort_start
    ) as median_days_to_repeat,
    as_of.as_of_date
from intervals
cross join {{ ref('int_as_of') }} as as_of
