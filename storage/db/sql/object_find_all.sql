-- object_find_all: which of many digests a repository has.  A damaged
-- object is as good as none: its bytes are wanted again.
--   $1  bigint   repository
--   $2  bytea[]  digests
--   ->  position bigint (from 1), size bigint, is_committed boolean
SELECT wanted.position, c.size, r.committed_at IS NOT NULL
  FROM unnest($2::bytea[]) WITH ORDINALITY AS wanted (digest, position)
  JOIN repository_content r
    ON r.repository = $1
   AND r.digest = wanted.digest
  JOIN content c
    ON c.digest = wanted.digest
   AND c.quarantined_at IS NULL
