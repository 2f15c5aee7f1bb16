{# The RFM rules, the same for today and for past months. buyers: a table or CTE with recency_days, frequency and
   monetary_amount; per: a column that defines groups for ranking (none: one group). Creates the CTEs `scored`, with all
   columns of `buyers` and the scores, and `segments`, with the segment of each combination of scores. #}
{% macro rfm_scores(buyers, per=none) -%}
    {% set values = [
        ('recency', 'recency_days', 'desc'), ('frequency', 'frequency', 'asc'), ('monetary', 'monetary_amount', 'asc'),
    ] %}
    {% set within = 'partition by ' ~ per if per else '' %}
    {% set bands = range(1, var('rfm_bands') + 1) %}
    {% set middle_bands_below = (var('rfm_bands') - 1) // 2 %}
    -- Worst first, by percent_rank: the share of all others that is worse. Unlike ntile, it gives equal values an equal
    -- score, so it is computed per value and not per buyer, of which there are many more.
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
            -- If all values are equal, no buyer is worse than another: the middle score, not the worst.
            case
                when equal_count > other_count then {{ middle_bands_below }}
                else floor({{ var('rfm_bands') }} * worse_count / nullif(other_count, 0))
            end as bands_below
        from {{ name }}_ranks
    ),

    -- The worst value of each band: a score is the number of these that a buyer reaches. A few comparisons cost less
    -- than a lookup of the buyer's value among all.
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
    ranked as (
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

    -- One order is not loyal, even if everyone ordered once and so has the middle score.
    scored as (
        select
            *,
            case when frequency > 1 then frequency_score else least(frequency_score, {{ middle_bands_below }}) end
                as rule_frequency_score
        from ranked
    ),

    -- The first rule that matches the scores wins.
    winning_rules as (
        select
            scores.recency_score,
            scores.shown_frequency_score,
            scores.frequency_score as rule_frequency_score,
            scores.monetary_score,
            min(rules.priority) as priority
        from
            (
                select distinct
                    recency_score,
                    frequency_score as shown_frequency_score,
                    rule_frequency_score as frequency_score,
                    monetary_score
                from scored
            ) as scores
        inner join {{ ref('rfm_segments') }} as rules on {{ fits_rfm_rule('scores', 'rules') }}
        group by
            scores.recency_score, scores.shown_frequency_score, scores.frequency_score, scores.monetary_score
    ),

    segments as (
        select
            winning_rules.recency_score,
            winning_rules.shown_frequency_score as frequency_score,
            winning_rules.rule_frequency_score,
            winning_rules.monetary_score,
            concat(
                cast(winning_rules.recency_score as string),
                cast(winning_rules.shown_frequency_score as string),
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
    and {{ scored }}.rule_frequency_score = {{ segments }}.rule_frequency_score
    and {{ scored }}.monetary_score = {{ segments }}.monetary_score
{%- endmacro %}
