with days as (
    {% for subject, name in [('view', 'view'), ('cart', 'cart_add'), ('purchase', 'purchase')] -%}
    select
        '{{ subject }}' as subject,
        event_date,
        sum({{ name }}_repeat_count) as measured,
        sum({{ name }}_count + {{ name }}_repeat_count) as of_count,
        {{ rate('sum(' ~ name ~ '_repeat_count)', 'sum(' ~ name ~ '_count + ' ~ name ~ '_repeat_count)') }}
            as share
    from {{ ref('int_event_hours') }}
    group by event_date
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- All days around it: how often a tracker repeats itself does not depend on the weekday.
{{ usual_shares(same_weekday=false) }},

high_days as (
    select
        *,
        {{ run_of_days('event_date', per='subject') }} as run
    from usual
    where
        measured > {{ var('alert_duplicate_factor') }} * expected
        and measured - expected > {{ var('anomaly_deviations') }} * standard_deviation
),

-- What the repeats would add, if each counted.
repeated_sales as (
    select
        event_date,
        'purchase' as subject,
        sum((duplicate_count - 1) * price * quantity) as revenue_amount
    from {{ ref('stg_repeats') }}
    where event_type = 'purchase' and not {{ var('repeated_purchases_are_units') }}
    group by event_date
),

runs as (
    select
        high_days.subject,
        min(high_days.event_date) as first_day,
        max(high_days.event_date) as last_day,
        sum(high_days.measured) as measured,
        sum(high_days.expected) as expected,
        cast(sum(repeated_sales.revenue_amount) as numeric) as revenue_amount
    from high_days
    left join repeated_sales
        on high_days.subject = repeated_sales.subject and high_days.event_date = repeated_sales.event_date
    group by high_days.subject, high_days.run
    having sum(high_days.measured) >= {{ var('alert_least_events') }}
)

select
    {{ day_alert('duplicate_burst', 'low', [
        days_in_words('first_day', 'last_day'), "': '", in_words('measured'), "' lines repeat a '", 'subject',
        "', where '", usual_in_words('expected'), "'. Each counts once in all numbers'",
        "case when revenue_amount is null then '.' else concat('; all of them would add ', "
        ~ whole_amount_in_words('revenue_amount') ~ ", ' to revenue.') end",
    ], revenue='revenue_amount') }}
from runs
