-- scrub_record: somebody read everything at once; a round under way goes on.
--   $1  bigint  objects
--   $2  bigint  bytes
--   $3  bigint  of them damaged
INSERT INTO scrub AS s (ended_at, objects, bytes, damaged)
VALUES (now(), $1, $2, $3)
ON CONFLICT (id) DO UPDATE
   SET ended_at = EXCLUDED.ended_at,
       objects = CASE WHEN s.began_at IS NULL THEN EXCLUDED.objects
                      ELSE s.objects END,
       bytes = CASE WHEN s.began_at IS NULL THEN EXCLUDED.bytes
                    ELSE s.bytes END,
       damaged = CASE WHEN s.began_at IS NULL THEN EXCLUDED.damaged
                      ELSE s.damaged END
