{% set counts = [
    'session_count', 'bot_session_count', 'sessions_with_view', 'sessions_with_cart', 'sessions_with_purchase',
    'sessions_with_view_and_cart', 'sessions_with_cart_and_purchase', 'sessions_with_view_and_purchase',
] %}
{% set sums = [] %}
{% for count in counts %}{% do sums.append('cast(sum(' ~ count ~ ') as int64) as ' ~ count) %}{% endfor %}

-- Each session is in exactly one cell of one day.
select
    session_start_date,
    {{ sums | join(', ') }}
from {{ ref('int_session_cells') }}
group by session_start_date
