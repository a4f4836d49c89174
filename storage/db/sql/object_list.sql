-- object_list: a page of a repository's objects, by digest.
--   $1  bigint  repository
--   $2  bytea   the digest before the first; empty: from the start
--   $3  bigint  how many at most
--   ->  digest bytea, size bigint, format text, unsafe boolean, detail text,
--       added_at timestamptz, is_committed boolean
SELECT c.digest, c.size, c.format, c.unsafe, c.detail::text, r.added_at,
       r.committed_at IS NOT NULL AS is_committed
  FROM repository_content r
  JOIN content c USING (digest)
 WHERE r.repository = $1
   AND r.digest > $2
 ORDER BY r.digest
 LIMIT $3
