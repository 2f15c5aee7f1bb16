{# Whether scores lie within a rule of the seed rfm_segments, where an empty bound does not bind. #}
{% macro fits_rfm_rule(scores, rules) -%}
    {%- for letter, score in [('r', 'recency_score'), ('f', 'frequency_score'), ('m', 'monetary_score')] %}
    coalesce({{ scores }}.{{ score }} >= {{ rules }}.{{ letter }}_min, true)
    and coalesce({{ scores }}.{{ score }} <= {{ rules }}.{{ letter }}_max, true)
    {%- if not loop.last %} and {% endif %}
    {%- endfor %}
{%- endmacro %}
