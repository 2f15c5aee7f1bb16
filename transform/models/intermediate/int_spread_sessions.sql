{{ config(tags='daily') }}

select
    user_id,
    user_session,
    session_start_at,
    session_start_date,
    session_end_at,
    purchase_count
from {{ ref('int_sessions') }}
where {{ session_slot('session_end_at') }} > {{ session_slot('session_start_at') }}
