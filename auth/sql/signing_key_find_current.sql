-- signing_key_find_current: the key with which a namespace signs now.
--   $1  bigint  namespace
--   ->  id bigint, hint text, pem text, rotation bytea, begins_at timestamptz,
--       ends_at timestamptz, revoked_at timestamptz, revoked_reason text
SELECT id, hint, pem, rotation, begins_at, ends_at, revoked_at, revoked_reason
  FROM signing_key
 WHERE namespace = $1
   AND ends_at IS NULL
   AND revoked_at IS NULL
 ORDER BY id DESC
 LIMIT 1
