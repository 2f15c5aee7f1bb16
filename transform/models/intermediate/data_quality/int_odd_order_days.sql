with days as (
    select
        *,
        {{ run_of_days('order_date') }} as run
    from {{ ref('int_odd_order_amounts') }}
),

runs as (
    select
        'purchase' as subject,
        min(order_date) as first_day,
        max(order_date) as last_day,
        avg(typical_amount) as measured,
        avg(usual_amount) as expected,
        cast(sum(revenue_amount) as numeric) as revenue_amount
    from days
    group by run
)

select
    {{ day_alert('odd_order_amounts', 'high', [
        days_in_words('first_day', 'last_day'), "': a typical order is '", amount_in_words('measured'),
        "', where about '", amount_in_words('expected'), "' is usual. Prices are probably wrong. Revenue on '",
        "case when first_day = last_day then 'that day' else 'these days' end", "' is '",
        whole_amount_in_words('revenue_amount'), "'.'",
    ], revenue='revenue_amount') }}
from runs
