{# Fails on rows where any of the columns is below 0 or above 1. #}
{% test share(model, columns) %}

select {{ columns | join(', ') }}
from {{ model }}
where
    {% for column in columns -%}
    {{ column }} not between 0 and 1 {{ 'or' if not loop.last }}
    {% endfor %}

{% endtest %}
