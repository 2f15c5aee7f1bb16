{# Fails on rows with a value below 0 in any of the columns. #}
{% test never_negative(model, columns) %}

select {{ columns | join(', ') }}
from {{ model }}
where {{ columns | join(' < 0 or ') }} < 0

{% endtest %}
