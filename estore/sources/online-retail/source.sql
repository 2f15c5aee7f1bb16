-- One row per line of an invoice. C… is a cancellation, A… an adjustment of bad debt.
with lines_of_invoices as (
    select
        line_number,
        nullif(trim("Invoice"), '') as invoice,
        nullif(trim("StockCode"), '') as product_id,
        trim("InvoiceDate") as event_time,
        trim("Price") as price,
        trim("Quantity") as quantity,
        -- Spreadsheets write 17850 as 17850.0.
        regexp_replace(nullif(trim("Customer ID"), ''), '[.]0$', '') as customer
    from source
)

select
    line_number,
    event_time,
    case
        when upper(left(invoice, 1)) = 'C' then 'refund'
        when upper(left(invoice, 1)) = 'A' then 'adjustment'
        -- Goods that were damaged, lost or found: not sold to anyone.
        when starts_with(quantity, '-') then 'stock'
        else 'purchase'
    end as event_type,
    product_id,
    price,
    coalesce(customer, 'invoice ' || invoice) as user_id,
    coalesce(customer, 'invoice ' || invoice) as user_session,
    ltrim(invoice, 'Cc') as order_id,
    ltrim(quantity, '-') as quantity
from lines_of_invoices
