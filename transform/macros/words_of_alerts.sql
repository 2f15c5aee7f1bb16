{# Numbers, amounts and days in the sentence of an alert. #}

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

{% macro days_in_words(first_day, last_day) -%}
    case
        when {{ first_day }} = {{ last_day }} then cast({{ first_day }} as string)
        else concat(cast({{ first_day }} as string), ' to ', cast({{ last_day }} as string))
    end
{%- endmacro %}
