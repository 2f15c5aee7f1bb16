{# A share of a count, as the columns name, name_low and name_high: the rate and its 95 % confidence interval (Wilson),
   which stays between 0 and 1 for small samples. Null if the denominator is 0. Wilson, E. B. (1927),
   Probable inference, the law of succession, and statistical inference, JASA 22. #}
{% macro share_columns(name, numerator, denominator, effect='1e0') -%}
    {{ rate(numerator, denominator) }} as {{ name }},
    {{ wilson_bound(numerator, denominator, '-', effect) }} as {{ name }}_low,
    {{ wilson_bound(numerator, denominator, '+', effect) }} as {{ name }}_high
{%- endmacro %}

{# effect: this many observations count as one, because those of one user are similar; see design_effect. #}
{% macro wilson_bound(numerator, denominator, sign, effect='1e0') -%}
    {% set squared = z_of_interval() ~ ' * ' ~ z_of_interval() -%}
    {% set part = '(' ~ as_float(numerator) ~ ' / ' ~ effect ~ ')' -%}
    {% set of = '(' ~ as_float(denominator) ~ ' / ' ~ effect ~ ')' -%}
    case
        when {{ denominator }} > 0
            then least(1e0, greatest(
                0e0,
                (
                    {{ part }} + {{ squared }} / 2
                    {{ sign }} {{ z_of_interval() }} * sqrt(
                        {{ part }} * ({{ of }} - {{ part }}) / nullif({{ of }}, 0)
                        + {{ squared }} / 4
                    )
                ) / ({{ of }} + {{ squared }})
            ))
    end
{%- endmacro %}

{# 95 % of a normal distribution is within this many standard deviations of the mean. #}
{% macro z_of_interval() -%} 1.959963984540054e0 {%- endmacro %}
