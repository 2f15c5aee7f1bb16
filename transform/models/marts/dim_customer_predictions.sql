{{ config(materialized='view', tags=['predicted']) }}

select
    user_id,
    model,
    p_alive,
    expected_orders_30d,
    expected_orders_30d_low,
    expected_orders_30d_high,
    expected_revenue_30d,
    expected_revenue_30d_low,
    expected_revenue_30d_high,
    expected_orders_60d,
    expected_orders_60d_low,
    expected_orders_60d_high,
    expected_revenue_60d,
    expected_revenue_60d_low,
    expected_revenue_60d_high,
    expected_orders_90d,
    expected_orders_90d_low,
    expected_orders_90d_high,
    expected_revenue_90d,
    expected_revenue_90d_low,
    expected_revenue_90d_high,
    expected_next_order_date,
    as_of_date
from {{ ref('int_customer_predictions') }}
