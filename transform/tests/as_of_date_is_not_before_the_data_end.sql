-- Days counted back from before the last event would be negative without a word.
select *
from {{ ref('int_as_of') }}
where as_of_date < last_date
