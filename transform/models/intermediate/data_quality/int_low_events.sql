with low_days as (
    select * from {{ ref('int_low_days') }}
),

{{ incidents('low_days', 'event_date', per='subject') }},

runs as (
    select
        subject,
        min(event_date) as first_day,
        max(event_date) as last_day,
        sum(measured) as measured,
        sum(expected) as expected
    from incidents
    group by subject, incident
)

select
    {{ day_alert('low_events', 'medium', [
        days_in_words('first_day', 'last_day'), "': '", counted_in_words('measured', "'session'"), "' with a '", 'subject',
        "', where '", usual_in_words('expected', suffix=' for this number of sessions'),
        "'. Some '", 'subject', "' events were not recorded.'",
    ]) }}
from runs
where
    {{ is_not_reported_as_missing() }}
    and not exists (
        select 1
        from {{ ref('int_uncarted_purchases') }} as uncarted
        where
            runs.subject = 'cart'
            and uncarted.from_at < {{ clock_start(hour_number('runs.last_day', 24)) }}
            and uncarted.to_at > {{ clock_start(hour_number('runs.first_day', 0)) }}
    )
