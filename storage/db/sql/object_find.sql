-- object_find: one object of a repository.
--   $1  bigint  repository
--   $2  bytea   digest
--   ->  digest bytea, size bigint, format text, unsafe boolean, detail text,
--       added_at timestamptz, is_committed boolean
SELECT c.digest, c.size, c.format, c.unsafe, c.detail::text, r.added_at,
       r.committed_at IS NOT NULL AS is_committed
  FROM repository_content r
  JOIN content c USING (digest)
 WHERE r.repository = $1
   AND r.digest = $2
