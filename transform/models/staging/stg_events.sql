{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
    cluster_by=['user_id'],
) }}

{% set key = 'event_at, event_type, product_id, user_id, user_session' %}
{% set payload = 'category_id, category_code, brand, price, quantity, order_id' %}

with lines as (
    select
        *,
        {{ likely_key(key) }} as likely_key
    from {{ ref('stg_lines') }}
    where {{ near_built_days('event_at') }} and {{ in_built_days() }}
),

-- Few lines repeat: only these pay for a comparison in full.
repeated_keys as (
    select likely_key
    from lines
    group by likely_key
    having count(*) > 1
),

repeated_lines as (
    select
        lines.*,
        count(*) over (partition by {{ key }}) as duplicate_count,
        row_number() over (
            partition by {{ key }}
            order by {{ payload.replace(',', ' nulls last,') }} nulls last
        ) as preference
    from lines
    inner join repeated_keys on lines.likely_key = repeated_keys.likely_key
),

distinct_events as (
    select lines.event_date, {{ key }}, {{ payload }}, 1 as duplicate_count
    from lines
    left join repeated_keys on lines.likely_key = repeated_keys.likely_key
    where repeated_keys.likely_key is null
    union all
    select event_date, {{ key }}, {{ payload }}, duplicate_count
    from repeated_lines
    where preference = 1
),

sessions as (
    {{ session_spans('lines') }}
)

select
    events.event_at,
    events.event_date,
    events.event_type,
    events.product_id,
    events.category_id,
    events.category_code,
    events.brand,
    events.price,
    {{ counted_quantity('events') }} as quantity,
    events.order_id,
    events.user_id,
    events.user_session,
    sessions.session_start_at,
    events.duplicate_count
from distinct_events as events
inner join sessions
    on
        events.user_id = sessions.user_id
        and events.user_session = sessions.user_session
        and events.event_at between sessions.first_at and sessions.last_at
