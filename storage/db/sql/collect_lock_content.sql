-- collect_lock_content: of a slice of all objects those that no repository
-- seems to have, locked, so that nobody can be given one before
-- collect_content judges again.
--   $1  bytea  the digest before the slice; empty: from the start
--   $2  bytea  its last digest
--   ->  digest bytea
SELECT digest
  FROM content c
 WHERE digest > $1
   AND digest <= $2
   AND NOT EXISTS (SELECT
                     FROM repository_content r
                    WHERE r.digest = c.digest
                   OFFSET 0) -- each by itself, however many are expected
   FOR UPDATE SKIP LOCKED
