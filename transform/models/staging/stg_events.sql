{{ config(tags='daily') }}

{% set columns = [
    'event_at', 'event_date', 'event_type', 'product_id', 'category_id', 'category_code', 'brand', 'price',
    'quantity', 'order_id', 'user_id', 'user_session', 'duplicate_count',
] | join(', ') %}

-- The loaded lines themselves, but for the few that repeat: a copy of them all would cost more than
-- anything that is made of it.
-- A left join, and not `not exists`: so an engine leaves the repeats of days unread that are not asked for.
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
