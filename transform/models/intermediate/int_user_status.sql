-- Only what snap_user_status keeps: its history would repeat every other column of dim_users.
select
    user_id,
    activity_status,
    activity_status = 'churned' as is_churned,
    as_of_date
from {{ ref('int_buyers') }}
