{# Fails on each combination of the columns that is in more than one row; nulls count as equal.
   built_day: the day of a big table, of which only the days just built are looked at.
   changed_day: that of one that is made anew from the first day on that changed; none before is looked at.
   sample_by: a column of which a sample does, where the model itself makes the key unique. #}
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
