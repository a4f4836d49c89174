-- collect_end: lets another daemon collect.
--   ->  boolean
SELECT pg_advisory_unlock(x'776569676863'::bigint)
