-- signing_key_revoke: takes a key back.
--   $1  bigint  namespace
--   $2  text    hint
--   $3  text    reason
--   ->  id bigint
--       no row when no such key signs
UPDATE signing_key
   SET revoked_at = now(), revoked_reason = $3
 WHERE namespace = $1
   AND hint = $2
   AND revoked_at IS NULL
RETURNING id
