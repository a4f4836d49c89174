-- object_used_bytes: how much a repository's objects take.
--   $1  bigint  repository
--   ->  bytes bigint
SELECT COALESCE(sum(c.size), 0)::bigint AS bytes
  FROM repository_content r
  JOIN content c USING (digest)
 WHERE r.repository = $1
