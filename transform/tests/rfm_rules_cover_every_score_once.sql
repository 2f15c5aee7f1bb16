-- Combinations of scores that do not have exactly one winning rule.
with bands as (
    select number as score
    from {{ each_number(1, var('rfm_bands')) }}
),

scores as (
    select
        recency.score as recency_score,
        frequency.score as frequency_score,
        monetary.score as monetary_score
    from bands as recency
    cross join bands as frequency
    cross join bands as monetary
),

fitting as (
    select
        scores.*,
        case when {{ fits_rfm_rule('scores', 'rules') }} then rules.priority end as priority
    from scores
    cross join {{ ref('rfm_segments') }} as rules
),

winning as (
    select
        *,
        min(priority) over (partition by recency_score, frequency_score, monetary_score) as first_priority
    from fitting
)

select
    recency_score,
    frequency_score,
    monetary_score
from winning
group by recency_score, frequency_score, monetary_score
having {{ count_if('priority = first_priority') }} != 1
