select {{ own_columns() }}
from {{ ref('metrics_churn') }}
where cohort_grain = 'month'
