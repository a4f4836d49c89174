-- signing_key_list: all keys of a namespace, the newest first.
--   $1  bigint  namespace
--   ->  id bigint, hint text, pem text, rotation bytea, begins_at timestamptz,
--       ends_at timestamptz, revoked_at timestamptz, revoked_reason text
SELECT id, hint, pem, rotation, begins_at, ends_at, revoked_at, revoked_reason
  FROM signing_key
 WHERE namespace = $1
 ORDER BY id DESC
 LIMIT 1000
