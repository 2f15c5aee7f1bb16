select {{ own_columns() }}
from {{ ref('metrics_conversion_rates') }}
where grain = 'day'
