{{ config(tags='daily') }}

select
    sessions.user_id,
    sessions.user_session,
    sessions.session_start_at,
    sessions.session_start_date,
    sessions.session_end_at
from {{ ref('int_sessions') }} as sessions
where {{ is_multi_slot('sessions') }}
