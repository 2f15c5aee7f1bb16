{# Hours of the shop's clock as numbers, so that gaps can be compared and joined. #}

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
