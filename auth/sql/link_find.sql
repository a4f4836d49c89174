-- link_find: a link that is still good.
--   $1  text   kind
--   $2  bytea  SHA-256 of its text
--   ->  account bigint, email text
SELECT account, email
  FROM link
 WHERE kind = $1
   AND hash = $2
   AND used_at IS NULL
   AND expires_at > now()
