{{ config(meta={'replaces': 'changed months'}, on_schema_change='fail') }}

select
    {{ period_start('month', 'event_date') }} as month_start,
    product_id,
    category_id,
    category_code,
    brand,
    cast(sum(event_count) as int64) as event_count,
    min(first_seen_at) as first_seen_at,
    max(last_seen_at) as last_seen_at
from {{ ref('int_product_attribute_days') }}
{{ of_changed_months() }}
group by month_start, product_id, category_id, category_code, brand
