-- A large share of duplicates from the first day on is no burst, but is reported too.
with high_days as (
    select * from {{ ref('int_repeat_shares') }}
    where is_burst or measured >= {{ var('alert_duplicate_share') }} * of_count
),

{{ incidents('high_days', 'event_date', per='subject', most_apart=2) }},

-- Revenue that duplicate rows would add if they counted.
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
        incidents.subject,
        min(incidents.event_date) as first_day,
        max(incidents.event_date) as last_day,
        sum(incidents.measured) as measured,
        sum(incidents.of_count) as of_count,
        case
            when max(case when incidents.is_burst then 1 else 0 end) = 1 then sum(incidents.expected)
        end as expected,
        cast(sum(repeated_sales.revenue_amount) as numeric) as revenue_amount
    from incidents
    left join repeated_sales
        on incidents.subject = repeated_sales.subject and incidents.event_date = repeated_sales.event_date
    group by incidents.subject, incidents.incident
    having sum(incidents.measured) >= {{ var('alert_min_events') }}
)

select
    {{ day_alert('duplicate_burst', 'low', [
        days_in_words('first_day', 'last_day'), "': '", in_words('measured'), "' duplicate rows of '", 'subject',
        "'s, '",
        "case when expected is null then concat('out of ', " ~ in_words('of_count') ~ ", ' rows') else concat('where ', "
        ~ usual_in_words('expected') ~ ') end', "'. Each event counts once'",
        "case when revenue_amount is null then '.' else concat('; counting duplicates would add ', "
        ~ whole_amount_in_words('revenue_amount') ~ ", ' to revenue.') end",
    ], revenue='revenue_amount') }}
from runs
