{# One row per week and month of the data. Periods without orders are there too: without a row, they would look like
   missing periods. as_of: a reference to int_as_of. #}
{% macro every_period(as_of) -%}
    {% for grain in ['month', 'week'] -%}
    select distinct
        '{{ grain }}' as grain,
        {{ period_start(grain, add_days('as_of.first_date', 'number')) }} as period_start,
        {{ period_start(grain, add_days('as_of.as_of_date', 1)) }} as unfinished_start,
        as_of.first_date,
        as_of.censored_until,
        as_of.as_of_date
    from {{ as_of }} as as_of
    cross join {{ each_number(0, days_between('as_of.first_date', 'as_of.as_of_date')) }}
    {{ 'union all' if not loop.last }}
    {% endfor %}
{%- endmacro %}
