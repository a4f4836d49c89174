-- scrub_owners: which repositories have an object, for the operator.
--   $1  bytea   digest
--   $2  bigint  how many at most
--   ->  name text
SELECT n.name || '/' || r.name AS name
  FROM repository_content c
  JOIN repository r ON r.id = c.repository
  JOIN account n ON n.id = r.namespace
 WHERE c.digest = $1
 ORDER BY 1
 LIMIT $2
