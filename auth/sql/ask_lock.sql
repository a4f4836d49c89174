-- ask_lock: until the transaction's end, the account asks nowhere else.
--   $1  bigint  account
SELECT pg_advisory_xact_lock(hashtextextended('ask ' || $1::bigint, 0))
