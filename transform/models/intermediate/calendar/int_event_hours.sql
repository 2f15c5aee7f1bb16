{{ config(
    materialized='incremental',
    meta={'replaces': 'days'},
    tags='daily',
    partition_by={'field': 'event_date', 'data_type': 'date'},
) }}

select
    event_date,
    {{ hour_number('event_at') }} as hour_number,
    {% for type, name in [('view', 'view'), ('cart', 'cart_add'), ('purchase', 'purchase')] -%}
    {{ count_if("event_type = '" ~ type ~ "'") }} as {{ name }}_count,
    cast(sum(case when event_type = '{{ type }}' then duplicate_count - 1 else 0 end) as int64)
        as {{ name }}_repeat_count,
    {% endfor -%}
    count(*) as event_count,
    cast(sum(duplicate_count - 1) as int64) as repeat_count,
    min(event_at) as first_event_at,
    max(event_at) as last_event_at
from {{ ref('int_step_events') }}
where {{ in_built_days() }}
group by event_date, {{ hour_number('event_at') }}
