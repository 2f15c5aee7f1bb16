{% set life -%} {{ epoch_micros('session_end_at') }} - {{ epoch_micros('session_start_at') }} {%- endset %}

with keys as (
    select user_id, user_session, {{ session_sums() }}
    from {{ ref('int_batch_events') }}
    group by user_id, user_session
)

-- Most tracker sessions are shorter than the timeout, so their sums are those of one session.
select
    *,
    {{ likely_key('user_id, user_session') }} as session_key,
    {{ life }} <= {{ session_timeout_micros() }}
    and {{ shop_date('session_start_at') }} = {{ shop_date('session_end_at') }} as is_single_session
from keys
