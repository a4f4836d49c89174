-- content_find: an object that a repository has.
--   $1  bigint  repository
--   $2  bytea   digest
--   ->  blob text, size bigint, unsafe boolean, quarantine_reason text (null:
--       whole); no row when the repository does not have it
SELECT c.blob, c.size, c.unsafe, c.quarantine_reason
  FROM repository_content r
  JOIN content c USING (digest)
 WHERE r.repository = $1
   AND r.digest = $2
