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

runs as (
    select
        subject,
        min(event_date) as first_day,
        max(event_date) as last_day,
        sum(measured) as measured,
        sum(expected) as expected
    from high_days
    group by subject, run
    having sum(measured) >= {{ var('alert_least_events') }}
)

select
    {{ day_alert('duplicate_burst', 'low', [
        days_in_words('first_day', 'last_day'), "': '", in_words('measured'), "' lines repeat a '", 'subject',
        "', where about '", in_words('expected'), "' are usual. Each counts once in all numbers.'",
    ]) }}
from runs
