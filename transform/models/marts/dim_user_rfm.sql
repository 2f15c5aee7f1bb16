with buyers as (
    select
        user_id,
        days_since_last_order as recency_days,
        order_count as frequency,
        revenue_amount as monetary_amount,
        session_count,
        activity_status,
        usual_interval_days,
        is_leaving,
        as_of_date
    from {{ ref('int_buyers') }}
),

{{ rfm_scores('buyers') }}

select
    scored.user_id,
    scored.recency_days,
    scored.frequency,
    scored.monetary_amount,
    scored.recency_score,
    scored.frequency_score,
    scored.monetary_score,
    segments.rfm_score,
    segments.rfm_segment,
    scored.session_count,
    scored.activity_status,
    scored.usual_interval_days,
    scored.is_leaving,
    scored.as_of_date
from scored
inner join segments on {{ has_rfm_scores('scored', 'segments') }}
