-- grant_revoke: takes a request's grant away, from the next question on.
--   $1  bigint  request
--   $2  text    reason; may be null
UPDATE access_grant
   SET revoked_at = now(), revoked_reason = $2
 WHERE request = $1
   AND revoked_at IS NULL
