-- signing_key_end: the key that signed makes room for its successor.
--   $1  bigint  namespace
UPDATE signing_key
   SET ends_at = now()
 WHERE namespace = $1
   AND ends_at IS NULL
   AND revoked_at IS NULL
