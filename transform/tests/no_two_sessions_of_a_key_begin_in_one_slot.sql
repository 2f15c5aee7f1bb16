{{ config(tags='daily') }}

-- Sessions that were built twice, or that have the same id.
select user_id, user_session, {{ session_slot('session_start_at') }} as slot
from {{ ref('int_sessions') }}
where {{ in_batch_days('session_start_date') }} and {{ is_sampled('user_id') }}
group by user_id, user_session, {{ session_slot('session_start_at') }}
having count(*) > 1
