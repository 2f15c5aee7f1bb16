{% set factors = ['buyers', 'orders_per_buyer', 'items_per_order', 'price_per_item'] -%}
{% set others = factors[:3] | join('_amount + ') ~ '_amount' -%}
{% set columns = 'grain, period_start, previous_period_start' -%}
{% set ends = 'has_data_issues, is_left_censored, as_of_date' -%}

with pairs as (
    select * from {{ ref('int_revenue_pairs') }}
),

categories as (
    select * from {{ ref('int_category_changes') }}
),

weighted as (
    select
        *,
        {{ log_mean(as_float('customer_amount'), as_float('previous_customer_amount')) }} as weight
    from pairs
    where customer_amount > 0 and previous_customer_amount > 0
),

drivers as (
    select
        *,
        {% for factor in factors[:3] -%}
        {{ as_amount('weight * ln(' ~ as_float(factor) ~ ' / previous_' ~ factor ~ ')') }}
            as {{ factor }}_amount,
        {% endfor -%}
        customer_amount - previous_customer_amount as change_amount
    from weighted
),

-- The last part of a breakdown is the rest, so that the parts add up exactly.
effects as (
    {% for factor in factors -%}
    select
        {{ columns }},
        'driver' as breakdown,
        'customers' as item,
        '{{ factor }}' as effect,
        {{ as_float('previous_' ~ factor) }} as previous_value,
        {{ as_float(factor) }} as value,
        {% if loop.last -%} change_amount - ({{ others }})
        {%- else -%} {{ factor }}_amount
        {%- endif %} as change_amount,
        {{ ends }}
    from drivers
    union all
    {% endfor -%}
    {% for breakdown, item, amount in [
        ('total', 'all', '{0}total_amount'), ('customers', 'new', '{0}new_amount'),
        ('customers', 'returning', '({0}customer_amount - {0}new_amount)'),
        ('customers', 'placeholder', '({0}total_amount - {0}customer_amount)'),
    ] -%}
    select
        {{ columns }},
        '{{ breakdown }}' as breakdown,
        '{{ item }}' as item,
        'revenue' as effect,
        {{ as_float(amount.format('previous_')) }} as previous_value,
        {{ as_float(amount.format('')) }} as value,
        {{ amount.format('') }} - {{ amount.format('previous_') }} as change_amount,
        {{ ends }}
    from pairs
    union all
    {% endfor -%}
    {% for effect, amount in [
        ('volume', 'volume_amount'), ('mix', 'mix_amount'),
        ('price', 'amount - previous_amount - volume_amount - mix_amount'),
    ] -%}
    select
        {{ columns }},
        'category' as breakdown,
        category as item,
        '{{ effect }}' as effect,
        previous_{{ effect }} as previous_value,
        {{ effect }} as value,
        {{ amount }} as change_amount,
        {{ ends }}
    from categories
    {{ 'union all' if not loop.last }}
    {% endfor %}
)

select
    {{ columns }},
    breakdown,
    item,
    effect,
    previous_value,
    value,
    cast(change_amount as numeric) as change_amount,
    {{ ends }}
from effects
