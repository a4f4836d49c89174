-- collect_begin: one daemon collects at a time; the key is "weighc".
--   ->  boolean: false when another one does
SELECT pg_try_advisory_lock(x'776569676863'::bigint)
