{# Days after a cart on which a purchase still counts, and one more for a clock that changes on the way. #}
{% macro cart_reach_days() -%} {{ [3, var('cart_window_days')] | max + 1 }} {%- endmacro %}

{# The first day of carts that events of the changed days may have recovered. A literal, like the days. #}
{% macro carts_changed_from() -%} {{ add_days(batch_from(), '-' ~ cart_reach_days()) }} {%- endmacro %}

{# A literal day at or before the first one whose carts may be open today. #}
{% macro open_carts_from() -%} {{ add_days("date '" ~ var('last_day') ~ "'", '-' ~ (var('cart_window_days') + 1)) }} {%- endmacro %}

{% macro micros_between(earlier, later) -%} {{ epoch_micros(later) }} - {{ epoch_micros(earlier) }} {%- endmacro %}

{% macro micros_of_days(days) -%} {{ days * 24 * 60 * 60 * 1000000 }} {%- endmacro %}

{# Column of the periods in which a cart may be recovered → their days. #}
{% macro recovery_days() -%}
    {{ return({'recovered_1d': 1, 'recovered_3d': 3, 'recovered': var('cart_window_days')}) }}
{%- endmacro %}
