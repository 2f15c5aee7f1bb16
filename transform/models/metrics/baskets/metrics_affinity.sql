{% set levels = ['category', 'subcategory', 'brand', 'product'] -%}
{% set width = z_of_interval() ~ ' * sqrt(greatest(0e0, unshared_variance + (2 * lift - 1) / order_count))' %}

with lines as (
    select lines.*, as_of.as_of_date
    from {{ ref('int_order_lines') }} as lines
    cross join {{ ref('int_as_of') }} as as_of
    where lines.order_date > {{ add_days('as_of.as_of_date', '-' ~ var('affinity_days')) }}
),

-- Most orders have one line and no pair: they are only counted.
single as (
    select product_id, count(*) as order_count
    from lines
    where is_only_line
    group by product_id
),

several as (
    {% for level in levels -%}
    select distinct '{{ level }}' as level, lines.user_id, lines.order_id, names.{{ level }} as item
    from lines
    inner join {{ ref('int_product_names') }} as names on lines.product_id = names.product_id
    where not lines.is_only_line and names.{{ level }} is not null
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

counted as (
    {% for level in levels -%}
    select '{{ level }}' as level, names.{{ level }} as item, single.order_count
    from single
    inner join {{ ref('int_product_names') }} as names on single.product_id = names.product_id
    where names.{{ level }} is not null
    union all
    {% endfor -%}
    select level, item, 1 as order_count
    from several
),

items as (
    select level, item, cast(sum(order_count) as int64) as order_count
    from counted
    group by level, item
),

all_orders as (
    select
        {{ count_if('is_only_line') }}
        + count(distinct case when not is_only_line then {{ dbt.hash("concat(user_id, '|', order_id)") }} end)
            as order_count,
        max(as_of_date) as as_of_date
    from lines
),

pairs as (
    select one.level, one.item as item_a, other.item as item_b, count(*) as order_count_both
    from several as one
    inner join several as other
        on
            one.level = other.level
            and one.user_id = other.user_id
            and one.order_id = other.order_id
            and one.item < other.item
    group by one.level, one.item, other.item
    having count(*) >= {{ var('affinity_min_orders') }}
),

-- The variance of ln(lift) by the delta method is 1/both - 1/a - 1/b + (2 lift - 1)/all.
lifted as (
    select
        pairs.*,
        all_orders.order_count,
        a.order_count as order_count_a,
        b.order_count as order_count_b,
        {{ as_float('pairs.order_count_both') }} * all_orders.order_count
        / (a.order_count * {{ as_float('b.order_count') }}) as lift,
        1e0 / pairs.order_count_both - 1e0 / a.order_count - 1e0 / b.order_count as unshared_variance,
        all_orders.as_of_date
    from pairs
    inner join items as a on pairs.level = a.level and pairs.item_a = a.item
    inner join items as b on pairs.level = b.level and pairs.item_b = b.item
    cross join all_orders
),

bounded as (
    select *, lift * exp(-{{ width }}) as lift_low, lift * exp({{ width }}) as lift_high
    from lifted
),

ranked as (
    select
        *,
        row_number() over (
            partition by level
            order by round(lift_low, 9) desc, order_count_both desc, item_a asc, item_b asc
        ) as pair_rank
    from bounded
)

select
    level,
    pair_rank,
    item_a,
    item_b,
    order_count,
    order_count_a,
    order_count_b,
    order_count_both,
    {{ rate('order_count_both', 'order_count') }} as support,
    {{ rate('order_count_both', 'order_count_a') }} as confidence_a_to_b,
    {{ rate('order_count_both', 'order_count_b') }} as confidence_b_to_a,
    lift,
    lift_low,
    lift_high,
    as_of_date
from ranked
where pair_rank <= {{ var('affinity_pairs') }}
