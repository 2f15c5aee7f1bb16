{# True if the scores match a rule of the seed rfm_segments. #}
{% macro fits_rfm_rule(scores, rules) -%}
    {{ scores }}.recency_score between {{ rules }}.r_min and {{ rules }}.r_max
    and {{ scores }}.frequency_score between {{ rules }}.f_min and {{ rules }}.f_max
    and {{ scores }}.monetary_score between {{ rules }}.m_min and {{ rules }}.m_max
{%- endmacro %}
