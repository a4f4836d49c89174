-- login_find: the account that a name or an e-mail address logs in to.
--   $1  text  name or address
--   ->  id bigint, password text, verified boolean
--       no row without a password, and for a disabled account
SELECT id, password, email_verified_at IS NOT NULL
  FROM account
 WHERE (name_key = lower($1) OR lower(email) = lower($1))
   AND kind = 'user'
   AND password IS NOT NULL
   AND disabled_at IS NULL
