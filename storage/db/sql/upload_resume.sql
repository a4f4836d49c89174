-- upload_resume: the live upload of an object by an account, kept alive.
--   $1  bigint  repository
--   $2  bigint  account, or null
--   $3  bytea   digest
--   $4  bigint  size in bytes
--   $5  bigint  for how many milliseconds it lives
--   ->  id bigint, public_id text, repository bigint, account bigint,
--       digest bytea, size bigint, part_bytes bigint
UPDATE content_upload
   SET expires_at = now() + $5::bigint * interval '1 millisecond'
 WHERE id = (SELECT id
               FROM content_upload
              WHERE repository = $1
                AND account IS NOT DISTINCT FROM $2
                AND digest = $3
                AND size = $4
                AND expires_at > now()
              ORDER BY id
              LIMIT 1)
RETURNING id, public_id, repository, account, digest, size, part_bytes
