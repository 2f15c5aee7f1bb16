{{ config(materialized='table') }}

{% set sums = [] -%}
{% for rate, x, y in conversion_rates() -%}
{% for sum in ['users', 'xx', 'xy', 'yy'] -%}
{% do sums.append(rate ~ '_' ~ sum) -%}
{% endfor -%}
{% endfor -%}

select
    'day' as grain,
    session_start_date,
    {{ sums | join(', ') }}
from {{ ref('int_conversion_days') }}
union all
select
    'overall' as grain,
    cast(null as date) as session_start_date,
    {{ conversion_spread() }}
from {{ ref('int_user_activity') }}
