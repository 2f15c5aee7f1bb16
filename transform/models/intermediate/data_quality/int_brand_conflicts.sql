with products as (
    select
        count(*) as product_count,
        {{ count_if('is_brand_conflict') }} as conflict_count,
        min(case when is_brand_conflict then first_seen_at end) as from_at,
        max(case when is_brand_conflict then last_seen_at end) as to_at
    from {{ ref('int_products') }}
)

select
    'brand_conflicts' as kind,
    'brand' as subject,
    from_at,
    to_at,
    {{ as_float('conflict_count') }} as measured,
    {{ var('alert_brand_conflict_share') }} * product_count as expected,
    cast(null as numeric) as revenue_amount,
    'low' as severity,
    concat(
        {{ in_words('conflict_count') }}, ' of ', {{ in_words('product_count') }},
        ' products have more than one brand. Each counts under the brand in most of its events.'
    ) as sentence
from products
where
    conflict_count >= {{ var('alert_min_products') }}
    and conflict_count > {{ var('alert_brand_conflict_share') }} * product_count
