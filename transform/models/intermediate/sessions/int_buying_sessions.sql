{{ config(
    materialized='incremental',
    meta={'replaces': 'buying sessions'},
    tags='daily',
    cluster_by=['user_id'],
) }}

select
    sessions.user_id,
    sessions.user_session,
    sessions.session_start_at,
    sessions.session_end_at,
    sessions.own_order_at
from {{ ref('int_sessions') }} as sessions
where
    sessions.purchase_count > 0
    {% if is_incremental() -%} and {{ reaches_batch_days('sessions') }} {%- endif %}
