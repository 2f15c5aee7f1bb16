{# Limits a table by month to the months with changed days. #}
{% macro of_changed_months() -%}
    {% if is_incremental() and not is_rebuilt('changed months') -%}
    where event_date >= {{ first_changed_month() }} and event_date < {{ end_of_changed_months() }}
    {%- endif %}
{%- endmacro %}

{% macro first_changed_month() -%} {{ period_start('month', batch_from()) }} {%- endmacro %}

{# The first day of the month after the last changed month. #}
{% macro end_of_changed_months() -%}
    {{ period_start('month', add_days(period_start('month', batch_to()), 31)) }}
{%- endmacro %}
