-- Each combination of scores that is not the business of exactly one winning rule.
with bands as (
    select number as score
    from (select 1 as only_row) as one
    cross join {{ each_number(1, var('rfm_bands')) }}
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
        rules.priority,
        rules.segment,
        min(rules.priority) over (
            partition by scores.recency_score, scores.frequency_score, scores.monetary_score
        ) as first_priority
    from scores
    left join {{ ref('rfm_segments') }} as rules on {{ fits_rfm_rule('scores', 'rules') }}
)

select
    recency_score,
    frequency_score,
    monetary_score
from fitting
group by recency_score, frequency_score, monetary_score
having {{ count_if('priority = first_priority') }} != 1
