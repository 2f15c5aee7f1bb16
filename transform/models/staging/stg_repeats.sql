{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

{# The part of the key that distinguishes almost all rows; hashing the rest would add little. #}
{% set likely = likely_key('user_session, event_at') %}
{% set payload = 'category_id, category_code, brand' %}

-- Few rows are duplicates, so only these are compared in full.
with likely_keys as (
    select likely_key
    from (
        select {{ likely }} as likely_key
        from {{ ref('stg_lines') }}
        where {{ near_batch_days('event_at') }} and {{ in_batch_days() }}
    ) as lines
    group by likely_key
    having count(*) > 1
),

ranked as (
    select
        *,
        count(*) over (partition by {{ event_key() }}) as duplicate_count,
        row_number() over (
            partition by {{ event_key() }}
            order by {{ payload.replace(',', ' nulls last,') }} nulls last
        ) as preference
    from {{ ref('stg_lines') }}
    where
        {{ near_batch_days('event_at') }}
        and {{ in_batch_days() }}
        and {{ likely }} in (select likely_key from likely_keys)
)

select
    event_at,
    event_date,
    event_type,
    product_id,
    category_id,
    category_code,
    brand,
    price,
    quantity,
    order_id,
    user_id,
    user_session,
    duplicate_count
from ranked
where preference = 1 and duplicate_count > 1
