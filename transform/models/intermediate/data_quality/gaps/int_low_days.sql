{{ config(materialized='table') }}

{% set fall = var('alert_min_fall') %}
{% set deviations = var('anomaly_deviations') %}
{% set least = var('alert_min_events') %}

-- Four low days are stronger evidence than one, so half of the fall is enough. Each day must be low itself.
select days.*
from {{ ref('int_session_shares') }} as days
where
    days.expected >= {{ least }}
    and days.expected - days.measured
    > greatest({{ fall }} * days.expected, {{ deviations }} * sqrt(days.variance))
union distinct
select days.*
from {{ ref('int_session_shares') }} as days
cross join {{ each_number(0, 3) }}
inner join {{ ref('int_session_shares') }} as ends
    on days.subject = ends.subject and days.day_number + number = ends.day_number
where
    ends.expected_of_four >= {{ least }}
    and ends.expected_of_four - ends.measured_of_four
    > greatest({{ fall / 2 }} * ends.expected_of_four, {{ deviations }} * sqrt(ends.variance_of_four))
    and days.measured < (1 - {{ fall / 2 }}) * days.expected
