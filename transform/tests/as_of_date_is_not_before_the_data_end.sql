-- With an as_of_date before the last event, days since that event would be negative without any warning.
select *
from {{ ref('int_as_of') }}
where as_of_date < last_date
