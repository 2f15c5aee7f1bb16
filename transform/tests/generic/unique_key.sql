{# Fails on each combination of the columns that more than one row has; nulls count as equal.
   built_day: the day of a big table, of which only the days just built are looked at. #}
{% test unique_key(model, columns, built_day=none) %}

select {{ columns | join(', ') }}
from {{ model }}
{% if built_day -%} where {{ in_built_days(built_day) }} {%- endif %}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
