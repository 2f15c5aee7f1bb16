{# The design effect of a rate: its variance with users as clusters (delta method, residuals y - rate * x), divided by
   the variance with independent sessions. Sessions of one user are similar. If the rate is 0 or 1, all sessions of a user
   count as one. Kish, L. (1965), Survey sampling, chapter 8. #}

{# Name, denominator and numerator of each rate; both are counts of sessions. #}
{% macro conversion_rates() -%}
    {{ return([
        ('view_to_cart', 'sessions_with_view', 'sessions_with_view_and_cart'),
        ('cart_to_purchase', 'sessions_with_cart', 'sessions_with_cart_and_purchase'),
        ('view_to_purchase', 'sessions_with_view', 'sessions_with_view_and_purchase'),
    ]) }}
{%- endmacro %}

{# The session counts behind the rates, the same as in cube_sessions, from rows of int_sessions. #}
{% macro conversion_counts(sessions=none) -%}
    {%- set of = sessions ~ '.' if sessions else '' -%}
    {%- set view, cart, purchase = of ~ 'view_count > 0', of ~ 'cart_add_count > 0', of ~ 'purchase_count > 0' -%}
    {%- for name, reached in [
        ('view', view), ('cart', cart), ('view_and_cart', view ~ ' and ' ~ cart),
        ('cart_and_purchase', cart ~ ' and ' ~ purchase), ('view_and_purchase', view ~ ' and ' ~ purchase),
    ] -%}
    {{ count_if(is_counted_session(of ~ 'event_count') ~ ' and ' ~ reached) }} as sessions_with_{{ name }}
    {{- ', ' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{% macro conversion_count_names() -%}
    {{ return(['view', 'cart', 'view_and_cart', 'cart_and_purchase', 'view_and_purchase']) }}
{%- endmacro %}

{# From rows with these counts by user: the users behind each rate, and the sums of squares and products. #}
{% macro conversion_spread() -%}
    {%- for rate, x, y in conversion_rates() -%}
    {{ count_if(x ~ ' > 0') }} as {{ rate }}_users,
    cast(coalesce(sum({{ x }} * {{ x }}), 0) as int64) as {{ rate }}_xx,
    cast(coalesce(sum({{ x }} * {{ y }}), 0) as int64) as {{ rate }}_xy,
    cast(coalesce(sum({{ y }} * {{ y }}), 0) as int64) as {{ rate }}_yy
    {{- ', ' if not loop.last }}
    {% endfor -%}
{%- endmacro %}

{# Between 1 and the number of sessions; null without sessions. counts, sums: tables with these columns. #}
{% macro design_effect(rate, x, y, counts, sums) -%}
    {%- set x, y = counts ~ '.' ~ x, counts ~ '.' ~ y -%}
    {%- set users, xx = as_float(sums ~ '.' ~ rate ~ '_users'), as_float(sums ~ '.' ~ rate ~ '_xx') -%}
    {%- set xy, yy = as_float(sums ~ '.' ~ rate ~ '_xy'), as_float(sums ~ '.' ~ rate ~ '_yy') -%}
    {%- set all, share = as_float(x), '(' ~ as_float(y) ~ ' / nullif(' ~ as_float(x) ~ ', 0))' -%}
    case
        when {{ x }} = 0 then null
        when {{ y }} = 0 or {{ y }} = {{ x }} or {{ sums }}.{{ rate }}_users = 1
            then {{ xx }} / nullif({{ all }}, 0)
        else least({{ all }}, greatest(
            1e0,
            {{ users }} / nullif({{ users }} - 1, 0)
            * ({{ yy }} - 2 * {{ share }} * {{ xy }} + {{ share }} * {{ share }} * {{ xx }})
            / nullif({{ all }} * {{ share }} * (1 - {{ share }}), 0)
        ))
    end
{%- endmacro %}
