-- migration_lock: waits until no other daemon migrates; the key is "weighm".
--   ->  void
SELECT pg_advisory_lock(x'77656967686d'::bigint)
