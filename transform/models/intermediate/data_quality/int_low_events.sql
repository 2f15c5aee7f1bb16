with days as (
    {% for subject, count in [
        ('view', 'view_count'), ('cart', 'cart_add_count'), ('purchase', 'purchase_count'),
    ] -%}
    select
        '{{ subject }}' as subject,
        event_date,
        {{ count }} as measured,
        event_count as of_count,
        {{ rate(count, 'event_count') }} as share
    from {{ ref('int_event_days') }}
    where is_complete
    {{ 'union all' if not loop.last }}
    {% endfor %}
),

{{ usual_shares(same_weekday=true) }},

low_days as (
    select
        *,
        {{ run_of_days('event_date', per='subject') }} as run
    from usual
    where
        expected >= {{ var('alert_least_events') }}
        and measured < (1 - {{ var('alert_least_fall') }}) * expected
        and expected - measured > {{ var('anomaly_deviations') }} * standard_deviation
),

runs as (
    select
        subject,
        min(event_date) as first_day,
        max(event_date) as last_day,
        sum(measured) as measured,
        sum(expected) as expected
    from low_days
    group by subject, run
)

select
    {{ day_alert('low_events', 'medium', [
        days_in_words('first_day', 'last_day'), "': '", counted_in_words('measured', 'subject'), "', where '",
        usual_in_words('expected', of=' of so many events'), "': some were not recorded.'",
    ]) }}
from runs
where {{ is_not_told_as_missing() }}
