-- upload_find: a live upload.
--   $1  text  public id
--   ->  id bigint, public_id text, repository bigint, account bigint,
--       digest bytea, size bigint, part_bytes bigint
SELECT id, public_id, repository, account, digest, size, part_bytes
  FROM content_upload
 WHERE public_id = $1
   AND expires_at > now()
