{{ config(tags='daily') }}

{% set columns = [
    'event_at', 'event_date', 'event_type', 'product_id', 'category_id', 'category_code', 'brand', 'price',
    'quantity', 'order_id', 'user_id', 'user_session', 'duplicate_count',
] | join(', ') %}

-- The loaded lines themselves, but for the few that repeat: a copy of them all would cost more than
-- anything that is made of it.
with single_lines as (
    select
        *,
        1 as duplicate_count
    from {{ ref('stg_lines') }} as lines
    where
        not exists (
            select 1
            from {{ ref('stg_repeats') }} as repeats
            where
                lines.event_at = repeats.event_at
                and lines.event_type = repeats.event_type
                and lines.product_id = repeats.product_id
                and lines.user_id = repeats.user_id
                and lines.user_session = repeats.user_session
        )
)

select {{ columns }} from single_lines
union all
select {{ columns }} from {{ ref('stg_repeats') }}
