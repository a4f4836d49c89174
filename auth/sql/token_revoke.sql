-- token_revoke: ends a token.
--   $1  bigint  account; 0 for anybody's
--   $2  text    public id
UPDATE token
   SET revoked_at = now()
 WHERE (account = $1 OR $1 = 0)
   AND public_id = $2
   AND revoked_at IS NULL
