-- "Today" is a day of the data, never of the system clock, so a rerun gives the same numbers.
select
    {% if var('as_of_date') -%}
    date '{{ var("as_of_date") }}' as as_of_date,
    {%- else -%}
    max(event_date) as as_of_date,
    {%- endif %}
    min(event_date) as first_date,
    -- A customer whose first order is before this day may have ordered before the data begins.
    {% if var('customers_since') == 'data' -%}
    cast(null as date) as censored_until,
    {%- else -%}
    {{ add_days('min(event_date)', var('cohort_window_days')) }} as censored_until,
    {%- endif %}
    max(event_date) as last_date
from {{ ref('int_day_sums') }}
