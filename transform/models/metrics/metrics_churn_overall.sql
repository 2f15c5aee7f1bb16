select
    is_left_censored,
    customer_count,
    observed_count,
    repeated_count,
    churned_count,
    churn_rate,
    churn_rate_low,
    churn_rate_high,
    as_of_date
from {{ ref('metrics_churn') }}
where cohort_grain = 'overall'
