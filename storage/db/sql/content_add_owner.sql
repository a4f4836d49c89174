-- content_add_owner: gives an object to a repository, if the object is there.
-- The lock waits for a collector that judges it, and holds it against others.
--   $1  bigint  repository
--   $2  bytea   digest
--   $3  bigint  account, or null
--   ->  blob text, is_damaged boolean; no row when there is no such object
WITH held AS (
    SELECT digest, blob, quarantined_at
      FROM content
     WHERE digest = $2
       FOR KEY SHARE
), added AS (
    INSERT INTO repository_content (repository, digest, account)
    SELECT $1, digest, $3
      FROM held
        ON CONFLICT (repository, digest)
        DO UPDATE SET added_at = now()
     WHERE repository_content.committed_at IS NULL
)
SELECT blob, quarantined_at IS NOT NULL AS is_damaged
  FROM held
