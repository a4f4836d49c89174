-- object_set_committed: keeps objects that a commit names.  The rows are
-- locked first, so what the collector takes at the same time is missing here,
-- and what another commit keeps is not.
--   $1  bigint   repository
--   $2  bytea[]  digests
--   ->  digest bytea: one that is missing
WITH locked AS (
    SELECT digest, committed_at
      FROM repository_content
     WHERE repository = $1
       AND digest = ANY ($2::bytea[])
     ORDER BY digest
       FOR NO KEY UPDATE
), kept AS (
    UPDATE repository_content r
       SET committed_at = now()
      FROM locked l
     WHERE r.repository = $1
       AND r.digest = l.digest
       AND l.committed_at IS NULL
)
SELECT wanted.digest
  FROM unnest($2::bytea[]) AS wanted (digest)
 WHERE NOT EXISTS (SELECT FROM locked l WHERE l.digest = wanted.digest)
 LIMIT 1
