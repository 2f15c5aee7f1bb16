{% set until_then = 'over (partition by cohort_grain, cohort_start order by day_number)' %}
{% set daily_rate = rate('repeated_count', 'at_risk_count') %}

-- Kaplan–Meier: the product of each day's share of customers at risk who did not reorder.
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

-- The interval is symmetric for ln(-ln(survival)), so it stays between 0 and 1.
intervals as (
    select
        *,
        case when survival not in (0, 1) then {{ z_of_interval() }} * sqrt(greenwood) / ln(survival) end
            as margin
    from products
),

bounded as (
    select
        *,
        coalesce(round(power(survival, exp(-margin)), 12), survival) as survival_low,
        coalesce(round(power(survival, exp(margin)), 12), survival) as survival_high
    from intervals
)

-- With few customers at risk, each one would move the median. Its interval goes from the day one limit of the
-- curve reaches 0.5 to the day the other does (Brookmeyer and Crowley, 1982).
select
    bounded.cohort_grain,
    bounded.cohort_start,
    case
        when bounded.cohort_grain = 'overall_uncensored' or as_of.censored_until is null then false
        else coalesce(bounded.cohort_start, as_of.first_date) < as_of.censored_until
    end as is_left_censored,
    bounded.day_number,
    bounded.customer_count,
    bounded.at_risk_count,
    bounded.repeated_count,
    bounded.survival,
    bounded.survival_low,
    bounded.survival_high,
    {% for name, curve in [('', 'survival'), ('_low', 'survival_low'), ('_high', 'survival_high')] -%}
    min(
        case
            when bounded.{{ curve }} <= 0.5 and bounded.at_risk_count >= {{ var('median_min_at_risk') }}
                then bounded.day_number
        end
    ) over (partition by bounded.cohort_grain, bounded.cohort_start) as median_days_to_repeat{{ name }},
    {% endfor -%}
    as_of.as_of_date
from bounded
cross join {{ ref('int_as_of') }} as as_of
