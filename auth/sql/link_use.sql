-- link_use: uses up a link that is still good; of two uses one gets the row.
--   $1  text   kind
--   $2  bytea  SHA-256 of its text
--   ->  account bigint, email text
UPDATE link
   SET used_at = now()
 WHERE kind = $1
   AND hash = $2
   AND used_at IS NULL
   AND expires_at > now()
RETURNING account, email
