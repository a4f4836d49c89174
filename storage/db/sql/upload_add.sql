-- upload_add: begins an upload.
--   $1  bigint  repository
--   $2  bigint  account, or null
--   $3  bytea   digest
--   $4  bigint  size in bytes
--   $5  bigint  for how many milliseconds it lives
--   $6  text    public id
--   $7  bigint  bytes in a part
--   ->  id bigint, public_id text, repository bigint, account bigint,
--       digest bytea, size bigint, part_bytes bigint
INSERT INTO content_upload (repository, account, digest, size, expires_at,
                            public_id, part_bytes)
VALUES ($1, $2, $3, $4, now() + $5::bigint * interval '1 millisecond', $6, $7)
RETURNING id, public_id, repository, account, digest, size, part_bytes
