{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

{% set quarter = 15 * 60 * 1000000 %}

-- Every time zone differs from UTC by a multiple of 15 minutes, so one conversion per quarter is enough.
with quarters as (
    select
        event_date,
        {{ whole_quotient(epoch_micros('event_at'), quarter) }} as quarter_number,
        {% for type, name in [('view', 'view'), ('cart', 'cart_add'), ('purchase', 'purchase')] -%}
        {{ count_if("event_type = '" ~ type ~ "'") }} as {{ name }}_count,
        cast(sum(case when event_type = '{{ type }}' then duplicate_count - 1 else 0 end) as int64)
            as {{ name }}_repeat_count,
        {% endfor -%}
        {% if var('repeated_purchases_are_units') -%} cast(0 as numeric)
        {%- else -%}
        cast(
            sum(case when event_type = 'purchase' then (duplicate_count - 1) * revenue_amount else 0 end)
            as numeric
        )
        {%- endif %} as repeat_revenue_amount,
        count(*) as event_count,
        cast(sum(duplicate_count - 1) as int64) as repeat_count,
        min(event_at) as first_event_at,
        max(event_at) as last_event_at
    from {{ ref('int_batch_events') }}
    where {{ in_batch_days() }}
    group by event_date, {{ whole_quotient(epoch_micros('event_at'), quarter) }}
),

placed as (
    select
        *,
        {{ shop_hour(from_micros('quarter_number * ' ~ quarter)) }} as hour_of_day
    from quarters
)

select
    event_date,
    hour_of_day,
    {% for name in ['view', 'cart_add', 'purchase'] -%}
    cast(sum({{ name }}_count) as int64) as {{ name }}_count,
    cast(sum({{ name }}_repeat_count) as int64) as {{ name }}_repeat_count,
    {% endfor -%}
    cast(sum(repeat_revenue_amount) as numeric) as repeat_revenue_amount,
    cast(sum(event_count) as int64) as event_count,
    cast(sum(repeat_count) as int64) as repeat_count,
    min(first_event_at) as first_event_at,
    max(last_event_at) as last_event_at
from placed
group by event_date, hour_of_day
