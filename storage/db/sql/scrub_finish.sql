-- scrub_finish: a round is over.
--   $1  text  the daemon whose round it was
--   ->  objects bigint, bytes bigint, damaged bigint
UPDATE scrub
   SET ended_at = now(),
       began_at = NULL,
       last_digest = NULL,
       daemon = NULL,
       leased_until = NULL
 WHERE daemon = $1
   AND began_at IS NOT NULL
RETURNING objects, bytes, damaged
