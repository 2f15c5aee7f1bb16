{{ config(materialized='table') }}

select
    'day' as grain,
    session_start_date,
    {% for rate, x, y in conversion_rates() -%}
    {% for sum in ['users', 'xx', 'xy', 'yy'] -%}
    {{ rate }}_{{ sum }}{{ ',' if not loop.last }}
    {% endfor -%}
    {{ ',' if not loop.last }}
    {% endfor %}
from {{ ref('int_conversion_days') }}
union all
select
    'overall' as grain,
    cast(null as date) as session_start_date,
    {{ conversion_spread() }}
from {{ ref('int_user_activity') }}
