-- dump_lock: no bytes are removed while a backup holds it; the key is
-- "weighb", which collect_list_garbage looks for.
--   ->  void
SELECT pg_advisory_lock_shared(x'776569676862'::bigint)
