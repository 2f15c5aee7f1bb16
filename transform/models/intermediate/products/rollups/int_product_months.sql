{{ config(meta={'replaces': 'changed months'}, on_schema_change='fail') }}

{% set counts = [
    'view_count', 'cart_add_count', 'purchase_count', 'item_count', 'session_count',
    'sessions_with_view', 'sessions_with_cart', 'sessions_with_purchase',
    'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase', 'sessions_with_view_and_purchase',
] %}

select
    {{ period_start('month', 'event_date') }} as month_start,
    product_id,
    {% for count in counts -%}
    cast(sum({{ count }}) as int64) as {{ count }},
    {% endfor -%}
    cast(sum(revenue_amount) as numeric) as revenue_amount
from {{ ref('int_product_days') }}
{{ of_changed_months() }}
group by month_start, product_id
