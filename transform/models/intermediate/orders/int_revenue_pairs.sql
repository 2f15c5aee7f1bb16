{% set factors = ['buyers', 'orders_per_buyer', 'items_per_order', 'price_per_item'] -%}

with sums as (
    {% for grain in ['month', 'week'] -%}
    {% set is_new = period_start(grain, 'first_order_date') ~ ' = ' ~ period_start(grain, 'order_date') -%}
    select
        '{{ grain }}' as grain,
        {{ period_start(grain, 'order_date') }} as period_start,
        sum({{ grain }}_customer_count) as buyers,
        sum(order_count) as orders,
        sum(item_count) as items,
        sum(revenue_amount) as customer_amount,
        sum(case when {{ is_new }} then revenue_amount else 0 end) as new_amount
    from {{ ref('int_cohort_days') }}
    group by period_start
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

totals as (
    {% for grain in ['month', 'week'] -%}
    select
        '{{ grain }}' as grain,
        {{ period_start(grain, 'days.event_date') }} as period_start,
        max({{ period_start(grain, add_days('as_of.as_of_date', 1)) }}) as unfinished_start,
        max(as_of.first_date) as first_date,
        max(as_of.censored_until) as censored_until,
        max(as_of.as_of_date) as as_of_date,
        {{ count_if('not days.is_complete or missing.order_date is not null') }} > 0 as has_data_issues,
        sum(coalesce(orders.revenue_amount, 0)) as total_amount
    from {{ ref('int_event_days') }} as days
    cross join {{ ref('int_as_of') }} as as_of
    left join {{ ref('int_order_days') }} as orders on days.event_date = orders.order_date
    left join {{ ref('int_missing_sales') }} as missing on days.event_date = missing.order_date
    group by period_start
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

periods as (
    select
        totals.*,
        case
            when totals.grain = 'week' then {{ add_days('totals.period_start', -7) }}
            else {{ period_start('month', add_days('totals.period_start', -1)) }}
        end as previous_period_start,
        coalesce(sums.buyers, 0) as buyers,
        {{ rate('sums.orders', 'sums.buyers') }} as orders_per_buyer,
        {{ rate('sums.items', 'sums.orders') }} as items_per_order,
        {{ rate('sums.customer_amount', 'sums.items') }} as price_per_item,
        coalesce(sums.customer_amount, 0) as customer_amount,
        coalesce(sums.new_amount, 0) as new_amount
    from totals
    left join sums on totals.grain = sums.grain and totals.period_start = sums.period_start
    where totals.period_start >= totals.first_date and totals.period_start < totals.unfinished_start
)

select
    periods.grain,
    periods.period_start,
    periods.previous_period_start,
    {% for name in factors + ['customer_amount', 'new_amount', 'total_amount'] -%}
    periods.{{ name }},
    before.{{ name }} as previous_{{ name }},
    {% endfor -%}
    periods.has_data_issues or before.has_data_issues as has_data_issues,
    coalesce(before.period_start < periods.censored_until, false) as is_left_censored,
    periods.as_of_date
from periods
inner join periods as before
    on periods.grain = before.grain and periods.previous_period_start = before.period_start
