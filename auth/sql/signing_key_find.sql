-- signing_key_find: one key of a namespace, by its hint.
--   $1  bigint  namespace
--   $2  text    hint
--   ->  id bigint, hint text, pem text, rotation bytea, begins_at timestamptz,
--       ends_at timestamptz, revoked_at timestamptz, revoked_reason text
SELECT id, hint, pem, rotation, begins_at, ends_at, revoked_at, revoked_reason
  FROM signing_key
 WHERE namespace = $1
   AND hint = $2
