{% set left_out = '; the funnel excludes these sessions' if var('exclude_bots') else '' %}

with suspects as (
    select
        'session' as subject,
        session_start_at as from_at,
        session_end_at as to_at,
        event_count,
        {{ var('bot_session_events') }} as bound
    from {{ ref('int_sessions') }}
    where {{ is_bot_suspect('event_count') }}
    union all
    select
        'user' as subject,
        first_event_at as from_at,
        last_event_at as to_at,
        event_count,
        {{ var('bot_user_events') }} as bound
    from {{ ref('int_user_activity') }}
    where event_count > {{ var('bot_user_events') }}
)

select
    'bots' as kind,
    subject,
    min(from_at) as from_at,
    max(to_at) as to_at,
    {{ as_float('count(*)') }} as measured,
    {{ as_float('null') }} as expected,
    cast(null as numeric) as revenue_amount,
    'low' as severity,
    concat(
        {{ counted_in_words('count(*)', 'subject') }}, case when count(*) = 1 then ' has' else ' have' end,
        ' more than ', {{ in_words('max(bound)') }},
        ' events; the busiest has ', {{ in_words('max(event_count)') }}, '. Suspected bots',
        case when subject = 'session' then '{{ left_out }}' else '' end,
        '.'
    ) as sentence
from suspects
group by subject
