-- collect_lock_content: objects that no repository seems to have, locked, so
-- that nobody can be given one before collect_content judges again.
--   $1  bigint  how many at most
--   $2  bytea   the digest before the first; empty: from the start
--   ->  digest bytea
SELECT digest
  FROM content c
 WHERE digest > $2
   AND NOT EXISTS (SELECT
                     FROM repository_content r
                    WHERE r.digest = c.digest)
 ORDER BY digest
 LIMIT $1
   FOR UPDATE SKIP LOCKED
