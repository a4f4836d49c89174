-- account_set_verified: the e-mail address is the person's.
--   $1  bigint  account
UPDATE account
   SET email_verified_at = now()
 WHERE id = $1
   AND email_verified_at IS NULL
