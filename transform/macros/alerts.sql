{# Macros that all kinds of alerts share. #}

{# Shares and times in a sentence, the same on every engine; for numbers see in_words. #}
{% macro percent_in_words(share) -%} cast(round(100 * cast({{ share }} as numeric), 1) as string) {%- endmacro %}

{# "no carts", "1 cart", "2,000 carts", from a number and a noun, both SQL expressions. #}
{% macro counted_in_words(number, noun, zero='no') -%}
    case round({{ number }})
        when 0 then concat('{{ zero }} ', {{ noun }}, 's')
        when 1 then concat('1 ', {{ noun }})
        else concat({{ in_words(number) }}, ' ', {{ noun }}, 's')
    end
{%- endmacro %}

{# "about 36 are usual", "about 1 is usual for this number of sessions". #}
{% macro usual_in_words(number, about='about', suffix='') -%}
    case round({{ number }})
        when 0 then 'almost none are usual{{ suffix }}'
        when 1 then '{{ about }} 1 is usual{{ suffix }}'
        else concat('{{ about }} ', {{ in_words(number) }}, ' are usual{{ suffix }}')
    end
{%- endmacro %}

{# "$1,499", "$99.50": with decimals only if they are not zero. #}
{% macro amount_in_words(amount) -%}
    {%- set unit = 10 ** var('currency_digits') -%}
    {%- set smallest = 'cast(round(' ~ unit ~ ' * ' ~ amount ~ ') as int64)' -%}
    concat(
        '{{ var("currency_symbol") }}',
        {{ in_words(whole_quotient(smallest, unit)) }},
        case
            when mod({{ smallest }}, {{ unit }}) = 0 then ''
            else concat('.', substr(cast({{ unit }} + mod({{ smallest }}, {{ unit }}) as string), 2))
        end
    )
{%- endmacro %}

{# "$1,500": without decimals. #}
{% macro whole_amount_in_words(amount) -%} concat('{{ var("currency_symbol") }}', {{ in_words(amount) }}) {%- endmacro %}

{% macro minute_in_words(instant) -%} substr(cast({{ instant }} as string), 1, 16) {%- endmacro %}

{# Hours since 1970 in the shop's time zone. Every day has 24, even when the clock changes. #}
{% macro hour_number(day, hour) -%} ({{ days_between("date '1970-01-01'", day) }} * 24 + {{ hour }}) {%- endmacro %}

{# Adds a number of complete days before the division, because engines round negative quotients up. #}
{% macro clock_day(number) -%}
    {{ add_days("date '1970-01-01'", whole_quotient('(' ~ number ~ ') + 24000000', 24) ~ ' - 1000000') }}
{%- endmacro %}

{% macro clock_hour(number) -%} mod(({{ number }}) + 24000000, 24) {%- endmacro %}

{# The UTC time at which that hour begins; the first one if the hour repeats. #}
{% macro clock_start(number) -%}
    {%- set at = hour_start(clock_day(number), clock_hour(number)) -%}
    {%- if var('shop_timezone') == 'UTC' -%} {{ at }}
    {%- else -%}
    {%- set earlier = from_micros(epoch_micros(at) ~ ' - 3600000000') -%}
    case
        when {{ shop_date(earlier) }} = {{ clock_day(number) }} and {{ shop_hour(earlier) }} = {{ clock_hour(number) }}
            then {{ earlier }}
        else {{ at }}
    end
    {%- endif -%}
{%- endmacro %}

{# "2019-10-27 09:00", in the shop's time zone. #}
{% macro clock_in_words(number) -%}
    concat(
        cast({{ clock_day(number) }} as string), ' ',
        substr(cast(100 + {{ clock_hour(number) }} as string), 2), ':00'
    )
{%- endmacro %}

{# True if a gap has more hours than another. #}
{% macro is_longer(gap, than) -%}
    ({{ gap }}.last_hour - {{ gap }}.first_hour > {{ than }}.last_hour - {{ than }}.first_hour)
{%- endmacro %}

{% macro days_in_words(first_day, last_day) -%}
    case
        when {{ first_day }} = {{ last_day }} then cast({{ first_day }} as string)
        else concat(cast({{ first_day }} as string), ' to ', cast({{ last_day }} as string))
    end
{%- endmacro %}

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

{# True if a count exceeds the usual share by more than chance explains. #}
{% macro is_beyond_chance(count, of, share) -%}
    ({{ count }} - {{ share }} * {{ of }} > {{ var('anomaly_deviations') }} * sqrt({{ share }} * (1 - {{ share }}) * {{ of }}))
{%- endmacro %}

{# Converts the median deviation of a few normal values into their standard deviation. Croux and Rousseeuw (1992), Time-
   efficient algorithms for two highly robust estimators of scale. #}
{% macro spread_factor(number) -%}
    (
        1.4826e0 * case
            {% for few, factor in [(2, 1.196), (3, 1.495), (4, 1.363), (5, 1.206), (6, 1.200), (7, 1.140), (8, 1.129), (9, 1.107)] -%}
            when {{ number }} <= {{ few }} then {{ factor }}
            {% endfor -%}
            else {{ number }} / ({{ number }} - 0.8e0)
        end
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
