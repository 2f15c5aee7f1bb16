{# The logarithmic mean of two positive amounts: the weight with which the logarithms of factors add up to the change of
   their product. Ang, B. W. (2005), The LMDI approach to decomposition analysis: a practical guide, Energy Policy 33. #}
{% macro log_mean(amount, other) -%}
    case
        when {{ amount }} = {{ other }} then {{ amount }}
        else ({{ amount }} - {{ other }}) / nullif(ln({{ amount }}) - ln({{ other }}), 0)
    end
{%- endmacro %}
