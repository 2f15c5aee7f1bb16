{# What every kind of alert has in common. #}

{# Shares and instants in a sentence, the same on every engine; for numbers see in_words. #}
{% macro percent_in_words(share) -%} cast(round(100 * cast({{ share }} as numeric), 1) as string) {%- endmacro %}

{# "no carts", "1 cart", "2,000 carts": of a number and a noun, both SQL. #}
{% macro counted_in_words(number, noun) -%}
    case round({{ number }})
        when 0 then concat('no ', {{ noun }}, 's')
        when 1 then concat('1 ', {{ noun }})
        else concat({{ in_words(number) }}, ' ', {{ noun }}, 's')
    end
{%- endmacro %}

{# "about 36 are usual", "about 1 of so many events is usual". #}
{% macro usual_in_words(number, about='about', of='') -%}
    case round({{ number }})
        when 0 then 'hardly any{{ of }} are usual'
        when 1 then '{{ about }} 1{{ of }} is usual'
        else concat('{{ about }} ', {{ in_words(number) }}, '{{ of }} are usual')
    end
{%- endmacro %}

{# "$1,499", "$99.50": with digits after the point where they are not all 0. #}
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

{# "$1,500": without digits after the point. #}
{% macro whole_amount_in_words(amount) -%} concat('{{ var("currency_symbol") }}', {{ in_words(amount) }}) {%- endmacro %}

{% macro minute_in_words(instant) -%} substr(cast({{ instant }} as string), 1, 16) {%- endmacro %}

{# Hours of the shop's clock since 1970: each day has 24, also one on which the clock is changed. #}
{% macro hour_number(day, hour) -%} ({{ days_between("date '1970-01-01'", day) }} * 24 + {{ hour }}) {%- endmacro %}

{# A whole number of days is added before the division: engines round negative quotients up. #}
{% macro clock_day(number) -%}
    {{ add_days("date '1970-01-01'", whole_quotient('(' ~ number ~ ') + 24000000', 24) ~ ' - 1000000') }}
{%- endmacro %}

{% macro clock_hour(number) -%} mod(({{ number }}) + 24000000, 24) {%- endmacro %}

{# The UTC instant at which that hour begins, the first one of an hour that comes twice. #}
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

{# "2019-10-27 09:00", by the shop's clock. #}
{% macro clock_in_words(number) -%}
    concat(
        cast({{ clock_day(number) }} as string), ' ',
        substr(cast(100 + {{ clock_hour(number) }} as string), 2), ':00'
    )
{%- endmacro %}

{# Whether a gap lasts longer than another, both in hours of the clock. #}
{% macro is_longer(gap, than) -%}
    ({{ gap }}.last_hour - {{ gap }}.first_hour > {{ than }}.last_hour - {{ than }}.first_hour)
{%- endmacro %}

{% macro days_in_words(first_day, last_day) -%}
    case
        when {{ first_day }} = {{ last_day }} then cast({{ first_day }} as string)
        else concat(cast({{ first_day }} as string), ' to ', cast({{ last_day }} as string))
    end
{%- endmacro %}

{# Consecutive days share the number: each of a run is one more than its rank. #}
{% macro run_of_days(day, per=none) -%}
    {{ days_between("date '1970-01-01'", day) }}
    - row_number() over ({{ 'partition by ' ~ per if per }} order by {{ day }})
{%- endmacro %}

{# Days of one incident share the number, also with so many days from one to the next: one cause is told once. Makes
   `incidents` of a table. #}
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

{# Whether so many of a number are more than a share that is usual lets chance make. #}
{% macro is_beyond_chance(count, of, share) -%}
    ({{ count }} - {{ share }} * {{ of }} > {{ var('anomaly_deviations') }} * sqrt({{ share }} * (1 - {{ share }}) * {{ of }}))
{%- endmacro %}

{# Turns the median deviation of so few normal values into their standard deviation. Croux and Rousseeuw (1992), Time-
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

{# The columns that every kind of alert has, from a table `runs` of days. #}
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

{# Of a table `runs`: not those of which a gap of hours on the same days is the reason. #}
{% macro is_not_told_as_missing() -%}
    not exists (
        select 1
        from {{ ref('int_missing_events') }} as missing
        where
            (missing.subject = runs.subject or (missing.subject = 'view' and runs.subject = 'cart'))
            and missing.first_day <= runs.first_day
            and missing.last_day >= runs.last_day
    )
{%- endmacro %}
