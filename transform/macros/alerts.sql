{# Macros that all kinds of alerts share. #}

{# Consecutive days get the same number: day number minus rank is constant within a run. #}
{% macro run_of_days(day, per=none) -%}
    {{ days_between("date '1970-01-01'", day) }}
    - row_number() over ({{ 'partition by ' ~ per if per }} order by {{ day }})
{%- endmacro %}

{# Numbers incidents: days at most most_apart days apart get the same number, so one cause gives one alert. Creates the
   CTE `incidents` from a table. #}
{% macro incidents(table, day, per=none, most_apart=7) -%}
    {% set window = 'over (' ~ ('partition by ' ~ per ~ ' ' if per else '') ~ 'order by ' ~ day ~ ')' -%}
    spaced as (
        select
            *,
            {{ days_between('lag(' ~ day ~ ') ' ~ window, day) }} as days_since_last
        from {{ table }}
    ),

    incidents as (
        select
            *,
            sum(case when days_since_last <= {{ most_apart }} then 0 else 1 end) {{ window }} as incident
        from spaced
    )
{%- endmacro %}

{# The columns of every kind of alert, from a table `runs` of days. #}
{% macro day_alert(kind, severity, sentence, revenue='cast(null as numeric)') -%}
    '{{ kind }}' as kind,
    subject,
    {{ clock_start(hour_number('first_day', 0)) }} as from_at,
    {{ clock_start(hour_number('last_day', 24)) }} as to_at,
    {{ as_float('measured') }} as measured,
    {{ as_float('expected') }} as expected,
    {{ revenue }} as revenue_amount,
    '{{ severity }}' as severity,
    concat({{ sentence | join(', ') }}) as sentence
{%- endmacro %}

{# For a table `runs`: leaves out runs that a gap of hours on the same days explains. #}
{% macro is_not_reported_as_missing() -%}
    not exists (
        select 1
        from {{ ref('int_missing_events') }} as missing
        where
            (missing.subject = runs.subject or (missing.subject = 'view' and runs.subject = 'cart'))
            and missing.first_day <= runs.first_day
            and missing.last_day >= runs.last_day
    )
{%- endmacro %}
