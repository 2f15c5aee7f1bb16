{# What is usual for a share, and what is more than chance. #}

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

{# Creates the CTEs `compared` and `spread`: each day's share next to those of other days, their median (usual_share) and the
   median deviation from it. `days` has subject, event_date, of_count, share and join_key, which is ten times the day's number
   plus the subject's; a day is compared with the days `step` days apart, up to `most` steps before and after. #}
{% macro usual_shares(days, most, step=1) -%}
    compared as (
        select
            days.*,
            others.share as other_share,
            {{ percentile('others.share', 0.5, 'days.subject, days.event_date') }} as usual_share
        from {{ days }} as days
        cross join {{ each_number(-most, most) }}
        inner join {{ days }} as others on days.join_key + {{ 10 * step }} * number = others.join_key
        where number != 0 and days.of_count > 0 and others.of_count > 0
    ),

    spread as (
        select
            *,
            {{ percentile('abs(other_share - usual_share)', 0.5, 'subject, event_date') }} as median_deviation
        from compared
    )
{%- endmacro %}
