with buyers as (
    select
        user_id,
        days_since_last_order as recency_days,
        order_count as frequency,
        revenue_amount as monetary_amount,
        as_of_date
    from {{ ref('int_buyers') }}
),

-- Worst first. percent_rank gives equal values an equal rank, where ntile would deal them out.
ranked as (
    select
        *,
        percent_rank() over (order by recency_days desc) as recency_rank,
        percent_rank() over (order by frequency) as frequency_rank,
        percent_rank() over (order by monetary_amount) as monetary_rank
    from buyers
),

scored as (
    select
        user_id,
        recency_days,
        frequency,
        monetary_amount,
        {% for value in ['recency', 'frequency', 'monetary'] -%}
        cast(least({{ var('rfm_bands') }}, 1 + floor({{ var('rfm_bands') }} * {{ value }}_rank)) as int64)
            as {{ value }}_score,
        {% endfor -%}
        as_of_date
    from ranked
),

-- Of the rules that a customer fits, the first wins.
winning_rules as (
    select
        scored.user_id,
        min(rules.priority) as priority
    from scored
    inner join {{ ref('rfm_segments') }} as rules on {{ fits_rfm_rule('scored', 'rules') }}
    group by scored.user_id
)

select
    scored.user_id,
    scored.recency_days,
    scored.frequency,
    scored.monetary_amount,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    concat(
        cast(scored.recency_score as string),
        cast(scored.frequency_score as string),
        cast(scored.monetary_score as string)
    ) as rfm_score,
    rules.segment as rfm_segment,
    scored.as_of_date
from scored
inner join winning_rules on scored.user_id = winning_rules.user_id
inner join {{ ref('rfm_segments') }} as rules on winning_rules.priority = rules.priority
