-- What is known of a buyer at the end of a month.
select
    user_id,
    as_of_date as month_end_date,
    rfm_segment
from {{ ref('dim_user_rfm') }}
where false
