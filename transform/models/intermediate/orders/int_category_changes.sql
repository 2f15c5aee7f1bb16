with sold as (
    select
        {{ period_start('month', 'order_date') }} as period_start,
        product_id,
        sum(item_count) as items,
        sum(revenue_amount) as amount
    from {{ ref('int_order_lines') }}
    group by period_start, product_id
),

categories as (
    select
        sold.period_start,
        products.category,
        sum(sold.items) as items,
        sum(sold.amount) as amount,
        sum(sum(sold.items)) over (partition by sold.period_start) as all_items
    from sold
    inner join {{ ref('int_dashboard_groups') }} as products on sold.product_id = products.product_id
    group by sold.period_start, products.category
),

names as (
    select distinct category from categories
),

pairs as (
    select
        months.grain,
        months.period_start,
        months.previous_period_start,
        months.has_data_issues,
        months.is_left_censored,
        months.as_of_date,
        names.category,
        coalesce(after.amount, 0) as amount,
        coalesce(before.amount, 0) as previous_amount,
        {{ as_float('after.all_items') }} as volume,
        {{ as_float('before.all_items') }} as previous_volume,
        {{ rate('after.items', 'after.all_items') }} as mix,
        {{ rate('before.items', 'before.all_items') }} as previous_mix,
        {{ rate('after.amount', 'after.items') }} as price,
        {{ rate('before.amount', 'before.items') }} as previous_price,
        coalesce(after.amount > 0 and before.amount > 0, false) as is_in_both
    from {{ ref('int_revenue_pairs') }} as months
    cross join names
    left join categories as after
        on months.period_start = after.period_start and names.category = after.category
    left join categories as before
        on months.previous_period_start = before.period_start and names.category = before.category
    where months.grain = 'month' and coalesce(after.amount, before.amount) is not null
)

-- A category without revenue in one of the months has no logarithm: its change counts as mix.
{% set weight = log_mean(as_float('amount'), as_float('previous_amount')) -%}
select
    *,
    case when is_in_both then {{ as_amount(weight ~ ' * ln(volume / previous_volume)') }} else 0 end
        as volume_amount,
    case
        when is_in_both then {{ as_amount(weight ~ ' * ln(mix / previous_mix)') }}
        else amount - previous_amount
    end as mix_amount
from pairs
