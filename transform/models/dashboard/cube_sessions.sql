select *
from {{ ref('int_session_cells') }}
