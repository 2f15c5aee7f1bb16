{{ config(tags='daily') }}

{% set columns = [
    'event_at', 'event_date', 'event_type', 'product_id', 'category_id', 'category_code', 'brand', 'price',
    'quantity', 'order_id', 'user_id', 'user_session', 'duplicate_count',
] | join(', ') %}

-- The loaded rows themselves, except the few duplicates: a copy of all rows would cost more than all models
-- that use it.
-- A left join instead of `not exists` lets the engine skip the duplicates of other days.
with single_lines as (
    select
        lines.*,
        1 as duplicate_count
    from {{ ref('stg_lines') }} as lines
    left join {{ ref('stg_repeats') }} as repeats
        on {{ is_same_event('lines', 'repeats') }}
    where repeats.event_at is null
)

select {{ columns }} from single_lines
union all
select {{ columns.replace('quantity', counted_quantity() ~ ' as quantity') }} from {{ ref('stg_repeats') }}
