-- release_add: a new release; its licence is what the gate names today.
--   $1  text    public id
--   $2  bigint  repository
--   $3  text    its full name
--   $4  text    tag
--   $5  bytea   commit
--   $6  bigint  signing key
--   $7  bytea   root digest
--   $8  integer files
--   $9  bigint  size in bytes
--   $10 bigint  account that publishes it
--   ->  id bigint
INSERT INTO release (public_id, repository, repository_name, tag, commit_oid,
                     signing_key, root_digest, licence, files, size,
                     published_by)
VALUES ($1, $2, $3, $4, $5, $6, $7,
        (SELECT licence FROM gate WHERE repository = $2), $8, $9, $10)
RETURNING id
