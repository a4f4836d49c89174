-- tenure_refuse: has the schema to itself, unless a daemon keeps its level.
--   ->  boolean: false when one does
SELECT pg_try_advisory_lock(x'77656967686e'::bigint)
