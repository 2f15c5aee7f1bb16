{{ config(
    materialized='incremental',
    meta={'replaces': 'later sessions'},
    on_schema_change='fail',
    partition_by={'field': 'session_start_date', 'data_type': 'date'},
) }}

with users as (
    select
        session_start_date,
        user_id,
        {{ conversion_counts() }}
    from {{ ref('int_sessions') }}
    where session_start_date >= {{ sessions_changed_from() }}
    group by session_start_date, user_id
)

select
    session_start_date,
    {{ conversion_spread() }}
from users
group by session_start_date
