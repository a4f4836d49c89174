-- notice_find_person: the verified address of an account.
--   $1  bigint  account
--   ->  email text
SELECT email
  FROM account
 WHERE id = $1
   AND email_verified_at IS NOT NULL
   AND disabled_at IS NULL
