-- token_revoke_leaked: ends the tokens with these texts.
--   $1  bytea[]  SHA-256 of each
UPDATE token
   SET revoked_at = now()
 WHERE hash = ANY ($1)
   AND revoked_at IS NULL
