{# True unless customers_since lists a first order from before the customer's first order in the data. Such customers are
   in no cohort, because their second order may be from before the data, too. #}
{% macro is_new_customer(of='') -%}
    coalesce({{ of }}customer_since_date >= {{ of }}first_order_date, true)
{%- endmacro %}
