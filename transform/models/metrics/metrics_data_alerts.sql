{% set columns = [
    'kind', 'subject', 'from_at', 'to_at', 'measured', 'expected', 'revenue_amount', 'severity', 'sentence',
] | join(', ') %}

with alerts as (
    {% for alerts in [
        ref('int_missing_events'), ref('int_low_events'), ref('int_uncarted_purchases'),
        ref('int_duplicate_bursts'), ref('int_taxonomy_breaks'), ref('int_brand_conflicts'), ref('int_bots'),
        ref('int_odd_prices'), ref('int_odd_order_days'), ref('int_dominant_users'),
        ref('int_unfinished_days'), ref('int_outlying_dates'), ref('int_nobody_ids'),
    ] -%}
    select {{ columns }} from {{ alerts }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

-- A gap of hours within longer low days is not reported a second time.
reported as (
    select alerts.*
    from alerts
    where
        alerts.kind not in ('missing_events', 'low_events')
        or not exists (
            select 1
            from alerts as wider
            where
                wider.kind in ('low_events', 'purchases_without_carts')
                and wider.kind != alerts.kind
                and wider.subject = alerts.subject
                and wider.from_at <= alerts.from_at
                and wider.to_at >= alerts.to_at
        )
)

select
    alerts.kind,
    alerts.subject,
    alerts.from_at,
    alerts.to_at,
    {{ shop_date('alerts.from_at') }} as from_date,
    greatest(
        {{ shop_date('alerts.from_at') }},
        {{ shop_date(from_micros(epoch_micros('alerts.to_at') ~ ' - 1000000')) }}
    ) as to_date,
    alerts.measured,
    alerts.expected,
    alerts.revenue_amount,
    alerts.severity,
    alerts.sentence,
    as_of.as_of_date
from reported as alerts
cross join {{ ref('int_as_of') }} as as_of
