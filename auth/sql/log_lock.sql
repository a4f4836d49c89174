-- log_lock: whether this transaction may number the log; the key is "weighl".
--   ->  boolean
SELECT pg_try_advisory_xact_lock(x'77656967686c'::bigint)
