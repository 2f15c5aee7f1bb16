{# The rules of RFM, one for the present and for every month before it. Expects a table `buyers` with user_id,
   recency_days, frequency and monetary_amount; makes `scored` with the scores, and `segments` with the
   segment of each combination of scores. per: the column within whose values buyers are ranked. #}
{% macro rfm_scores(per=none) -%}
    {% set within = 'partition by ' ~ per if per else '' %}
    -- Worst first. percent_rank gives equal values an equal rank, where ntile would deal them out.
    ranked as (
        select
            *,
            percent_rank() over ({{ within }} order by recency_days desc) as recency_rank,
            percent_rank() over ({{ within }} order by frequency) as frequency_rank,
            percent_rank() over ({{ within }} order by monetary_amount) as monetary_rank
        from buyers
    ),

    scored as (
        select
            *,
            {% for value in ['recency', 'frequency', 'monetary'] -%}
            cast(least({{ var('rfm_bands') }}, 1 + floor({{ var('rfm_bands') }} * {{ value }}_rank)) as int64)
                as {{ value }}_score {{ ',' if not loop.last }}
            {% endfor %}
        from ranked
    ),

    -- Of the rules that scores fit, the first wins.
    winning_rules as (
        select
            scores.recency_score,
            scores.frequency_score,
            scores.monetary_score,
            min(rules.priority) as priority
        from (select distinct recency_score, frequency_score, monetary_score from scored) as scores
        inner join {{ ref('rfm_segments') }} as rules on {{ fits_rfm_rule('scores', 'rules') }}
        group by scores.recency_score, scores.frequency_score, scores.monetary_score
    ),

    segments as (
        select
            winning_rules.recency_score,
            winning_rules.frequency_score,
            winning_rules.monetary_score,
            concat(
                cast(winning_rules.recency_score as string),
                cast(winning_rules.frequency_score as string),
                cast(winning_rules.monetary_score as string)
            ) as rfm_score,
            rules.segment as rfm_segment
        from winning_rules
        inner join {{ ref('rfm_segments') }} as rules on winning_rules.priority = rules.priority
    )
{%- endmacro %}

{% macro has_rfm_scores(scored, segments) -%}
    {{ scored }}.recency_score = {{ segments }}.recency_score
    and {{ scored }}.frequency_score = {{ segments }}.frequency_score
    and {{ scored }}.monetary_score = {{ segments }}.monetary_score
{%- endmacro %}
