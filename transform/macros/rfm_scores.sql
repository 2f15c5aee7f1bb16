{# The rules of RFM, one for the present and for every month before it. Expects a table `buyers` with user_id,
   recency_days, frequency and monetary_amount; makes `scored` with the scores, and `segments` with the
   segment of each combination of scores. per: the column within whose values buyers are ranked. #}
{% macro rfm_scores(per=none) -%}
    {% set values = [
        ('recency', 'recency_days', 'desc'), ('frequency', 'frequency', 'asc'), ('monetary', 'monetary_amount', 'asc'),
    ] %}
    {% set within = 'partition by ' ~ per if per else '' %}
    -- Worst first, by percent_rank: of all others, the share that is worse. It gives equal values an equal score, where
    -- ntile would deal them out, so it is found for each value and not for each buyer, of whom there are many more.
    {% for name, value, direction in values -%}
    {{ name }}_ranks as (
        select
            {{ per ~ ',' if per }}
            {{ value }},
            sum(count(*)) over ({{ within }} order by {{ value }} {{ direction }}) - count(*) as worse_count,
            sum(count(*)) over ({{ within }}) - 1 as other_count
        from buyers
        group by {{ per ~ ', ' if per }}{{ value }}
    ),

    {{ name }}_scores as (
        select
            {{ per ~ ',' if per }}
            {{ value }},
            cast(
                least(
                    {{ var('rfm_bands') }},
                    1 + floor({{ var('rfm_bands') }} * coalesce(worse_count / nullif(other_count, 0), 0))
                ) as int64
            ) as {{ name }}_score
        from {{ name }}_ranks
    ),

    {% endfor -%}
    scored as (
        select
            buyers.*,
            recency_scores.recency_score,
            frequency_scores.frequency_score,
            monetary_scores.monetary_score
        from buyers
        {% for name, value, direction in values -%}
        inner join {{ name }}_scores
            on buyers.{{ value }} = {{ name }}_scores.{{ value }}
            {{ 'and buyers.' ~ per ~ ' = ' ~ name ~ '_scores.' ~ per if per }}
        {% endfor %}
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
