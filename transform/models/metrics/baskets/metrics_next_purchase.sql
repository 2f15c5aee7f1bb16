-- Each customer counts once per category, from the first order with it, once observed for the window.
with as_of as (
    select * from {{ ref('int_as_of') }}
),

bought as (
    select distinct
        lines.user_id,
        lines.order_id,
        names.category
    from {{ ref('int_order_lines') }} as lines
    inner join {{ ref('int_product_names') }} as names on lines.product_id = names.product_id
    cross join as_of
    where
        lines.order_date > {{ add_days('as_of.as_of_date', '-' ~ var('affinity_days')) }}
        and names.category is not null
        and {{ is_customer('lines.user_id') }}
),

dated as (
    select
        bought.user_id,
        bought.category,
        orders.order_number,
        orders.order_date,
        row_number() over (
            partition by bought.user_id, bought.category order by orders.order_number
        ) as time_number
    from bought
    inner join {{ ref('int_orders') }} as orders
        on bought.user_id = orders.user_id and bought.order_id = orders.order_id
),

starts as (
    select
        dated.user_id,
        dated.category,
        dated.order_number,
        dated.order_date,
        coalesce(
            {{ days_between('dated.order_date', 'orders.order_date') }} <= {{ var('cohort_window_days') }},
            false
        ) as has_next
    from dated
    cross join as_of
    left join {{ ref('int_orders') }} as orders
        on dated.user_id = orders.user_id and dated.order_number + 1 = orders.order_number
    where
        dated.time_number = 1
        and {{ days_between('dated.order_date', 'as_of.as_of_date') }} >= {{ var('cohort_window_days') }}
),

followed as (
    {% for relation, condition in [
        ('next', 'starts.order_number + 1 = later.order_number'),
        ('again', 'starts.category = later.category and later.time_number = 2'),
    ] -%}
    select
        '{{ relation }}' as relation,
        starts.category,
        later.category as next_category,
        {{ days_between('starts.order_date', 'later.order_date') }} as days
    from starts
    inner join dated as later on starts.user_id = later.user_id and {{ condition }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

measured as (
    select
        *,
        {{ percentile('days', 0.5, 'relation, category, next_category') }} as median_days
    from followed
    where days <= {{ var('cohort_window_days') }}
),

counted as (
    select
        relation,
        category,
        next_category,
        count(*) as customer_count,
        max(median_days) as median_days
    from measured
    group by relation, category, next_category
    having count(*) >= {{ var('affinity_min_orders') }}
),

customers as (
    select
        category,
        count(*) as observed_count,
        {{ count_if('has_next') }} as returning_count
    from starts
    group by category
),

shares as (
    select
        counted.*,
        case when counted.relation = 'next' then customers.returning_count else customers.observed_count end
            as of_customer_count
    from counted
    inner join customers on counted.category = customers.category
)

select
    shares.relation,
    shares.category,
    shares.next_category,
    shares.customer_count,
    shares.of_customer_count,
    {{ share_columns('customer_share', 'shares.customer_count', 'shares.of_customer_count') }},
    shares.median_days,
    as_of.as_of_date
from shares
cross join as_of
