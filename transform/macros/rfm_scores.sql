{# The rules of RFM, the same for today and for every month before it. buyers: a table or CTE with recency_days, frequency
   and monetary_amount; per: its column within whose values buyers are ranked (none: among all). Makes the CTEs `scored`,
   all of `buyers` with the scores, and `segments`, the segment of each combination of scores. #}
{% macro rfm_scores(buyers, per=none) -%}
    {% set values = [
        ('recency', 'recency_days', 'desc'), ('frequency', 'frequency', 'asc'), ('monetary', 'monetary_amount', 'asc'),
    ] %}
    {% set within = 'partition by ' ~ per if per else '' %}
    {% set bands = range(1, var('rfm_bands') + 1) %}
    {% set middle_bands_below = (var('rfm_bands') - 1) // 2 %}
    -- Worst first, by percent_rank: of all others, the share that is worse. It gives equal values an equal score, where
    -- ntile would deal them out, so it is found for each value and not for each buyer, of whom there are many more.
    {% for name, value, direction in values -%}
    {{ name }}_ranks as (
        select
            {{ per ~ ',' if per }}
            {{ value }},
            sum(count(*)) over ({{ within }} order by {{ value }} {{ direction }}) - count(*) as worse_count,
            sum(count(*)) over ({{ within }}) - 1 as other_count,
            count(*) as equal_count
        from {{ buyers }}
        group by {{ per ~ ', ' if per }}{{ value }}
    ),

    {{ name }}_bands as (
        select
            {{ per ~ ',' if per }}
            {{ value }},
            -- Where all are equal nobody is worse than another: the middle, not the worst score.
            case
                when equal_count > other_count then {{ middle_bands_below }}
                else floor({{ var('rfm_bands') }} * worse_count / nullif(other_count, 0))
            end as bands_below
        from {{ name }}_ranks
    ),

    -- The worst value of each band: a score is how many of these a buyer reaches. Comparing with so few costs less than
    -- looking the buyer's value up among all.
    {{ name }}_bounds as (
        select
            {{ per ~ ',' if per }}
            {% for band in bands -%}
            {{ 'max' if direction == 'desc' else 'min' }}(case when bands_below >= {{ band - 1 }} then {{ value }} end)
                as {{ name }}_{{ band }}{{ ',' if not loop.last }}
            {% endfor %}
        from {{ name }}_bands
        {{ 'group by ' ~ per if per }}
    ),

    {% endfor -%}
    scored as (
        select
            {{ buyers }}.*,
            {% for name, value, direction in values -%}
            cast(
                {% for band in bands -%}
                {{ '+ ' if not loop.first }}case
                    when {{ name }}_bounds.{{ name }}_{{ band }} {{ '>=' if direction == 'desc' else '<=' }} {{ buyers }}.{{ value }}
                        then 1
                    else 0
                end
                {% endfor -%}
                as int64
            ) as {{ name }}_score{{ ',' if not loop.last }}
            {% endfor %}
        from {{ buyers }}
        {% for name, _, _ in values -%}
        {% if per -%}
        inner join {{ name }}_bounds on {{ buyers }}.{{ per }} = {{ name }}_bounds.{{ per }}
        {% else -%}
        cross join {{ name }}_bounds
        {% endif -%}
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
