{# Fails on each combination of the columns that is in more than one row; nulls count as equal.
   built_day: the date column of a large table; only the days just built are tested.
   changed_day: the date column of a table rebuilt from the first changed day on; earlier days are not tested.
   sample_by: a column to sample by, if the model itself guarantees a unique key. #}
{% test unique_key(model, columns, built_day=none, changed_day=none, sample_by=none) %}

select {{ columns | join(', ') }}
from {{ model }}
where
    {{ in_batch_days(built_day) if built_day else 'true' }}
    and {{ changed_day ~ ' >= ' ~ changed_from() if changed_day else 'true' }}
    and {{ is_sampled(sample_by) if sample_by else 'true' }}
group by {{ columns | join(', ') }}
having count(*) > 1

{% endtest %}
