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

timed as (
    select
        *,
        {{ epoch_micros('to_at') }} - {{ epoch_micros('from_at') }} as duration
    from alerts
),

-- A gap in views includes the carts.
gaps as (
    select subject, from_at, to_at, duration from timed
    where kind = 'missing_events'
    union all
    select 'cart' as subject, from_at, to_at, duration from timed
    where kind = 'missing_events' and subject = 'view'
),

-- One incident, one alert: of a gap and low days that overlap, the gap, unless the low days last twice as
-- long. A gap within other longer alerts is not reported a second time.
reported as (
    select timed.*
    from timed
    where
        (
            timed.kind != 'low_events'
            or not exists (
                select 1
                from gaps
                where
                    gaps.subject = timed.subject
                    and gaps.from_at < timed.to_at
                    and gaps.to_at > timed.from_at
                    and 2 * gaps.duration >= timed.duration
            )
        )
        and (
            timed.kind != 'missing_events'
            or not exists (
                select 1
                from timed as wider
                where
                    wider.subject = timed.subject
                    and wider.from_at < timed.to_at
                    and wider.to_at > timed.from_at
                    and (
                        (wider.kind = 'low_events' and wider.duration > 2 * timed.duration)
                        or (
                            wider.kind in ('purchases_without_carts', 'no_events')
                            and wider.from_at <= timed.from_at
                            and wider.to_at >= timed.to_at
                        )
                    )
            )
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
