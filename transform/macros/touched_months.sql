{# Of a table by month end: the months that are new, and those from the first one that an order changed in.
   Orders change on the days of the sessions in reach of the built days; ids of the shop's own also tie
   purchases of these days to orders that began long before, which shows in their buyers' sums. #}
{% macro of_touched_months() -%}
    {% if is_incremental() and not is_made_anew('later months') -%}
    {% set sessions_from -%} date '{{ var("sessions_from") }}' {%- endset %}
    where
        month_end_date >= {{ sessions_from }}
        or month_end_date not in (select month_end_date from {{ this }})
        or month_end_date >= (
            select min(sums.month_end_date)
            from (
                select
                    orders.user_id,
                    months.month_end_date,
                    count(*) as frequency,
                    sum(orders.order_amount) as monetary_amount
                from {{ ref('fct_orders') }} as orders
                inner join {{ ref('int_month_ends') }} as months on orders.order_date <= months.month_end_date
                where
                    months.month_end_date < {{ sessions_from }}
                    and orders.user_id in (
                        select user_id from {{ ref('int_purchases') }} where {{ in_built_days() }}
                    )
                group by orders.user_id, months.month_end_date
            ) as sums
            left join {{ this }} as known
                on sums.user_id = known.user_id and sums.month_end_date = known.month_end_date
            where
                known.user_id is null
                or sums.frequency != known.frequency
                or sums.monetary_amount != known.monetary_amount
        )
    {%- endif %}
{%- endmacro %}
