{# The columns of the model's own contract, for a model that shows some rows of another. #}
{% macro own_columns() -%} {{ model.columns.keys() | join(', ') }} {%- endmacro %}
