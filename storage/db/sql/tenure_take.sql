-- tenure_take: keeps the schema's level as long as the connection lasts; the
-- key is "weighn".
--   ->  boolean: false while somebody takes a level away
SELECT pg_try_advisory_lock_shared(x'77656967686e'::bigint)
