{{ config(materialized='view') }}

select *
from {{ ref('int_user_rfm_monthly') }}
