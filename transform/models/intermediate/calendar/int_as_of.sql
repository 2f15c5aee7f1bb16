-- "Today" is a day of the data, never of the system clock, so a rerun gives the same numbers.
select
    {% if var('as_of_date') -%}
    date '{{ var("as_of_date") }}' as as_of_date,
    {%- else -%}
    max(event_date) as as_of_date,
    {%- endif %}
    min(event_date) as first_date,
    -- A customer whose first order is before this day may have ordered before the data begins.
    -- A file of first orders settles that, but not how often older customers ordered.
    {% set until = add_days('min(event_date)', var('cohort_window_days')) -%}
    {{ 'cast(null as date)' if var('customers_since') else until }} as censored_until,
    {{ 'cast(null as date)' if var('customers_since') == 'data' else until }} as segments_censored_until,
    max(event_date) as last_date
from {{ ref('int_day_sums') }}
