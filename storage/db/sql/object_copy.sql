-- object_copy: gives objects of one repository to another.
--   $1  bigint   from
--   $2  bigint   to
--   $3  bytea[]  digests
--   ->  digest bytea: one that the first does not have
WITH wanted AS (
    SELECT DISTINCT unnest($3::bytea[]) AS digest
), held AS (
    SELECT r.digest
      FROM repository_content r
      JOIN wanted w USING (digest)
     WHERE r.repository = $1
), added AS (
    INSERT INTO repository_content (repository, digest)
    SELECT $2, digest
      FROM held
        ON CONFLICT (repository, digest) DO NOTHING
)
SELECT w.digest
  FROM wanted w
 WHERE NOT EXISTS (SELECT FROM held h WHERE h.digest = w.digest)
 LIMIT 1
