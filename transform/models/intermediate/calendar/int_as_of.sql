-- "Today" of every metric is a day of the data, never of the clock: a rerun gives the same numbers.
select
    {% if var('as_of_date') -%}
    date '{{ var("as_of_date") }}' as as_of_date,
    {%- else -%}
    max(event_date) as as_of_date,
    {%- endif %}
    min(event_date) as first_date,
    max(event_date) as last_date
from {{ ref('int_day_sums') }}
