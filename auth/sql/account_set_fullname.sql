-- account_set_fullname: sets how a person or an organisation is called.
--   $1  bigint  account
--   $2  text    full name
UPDATE account
   SET fullname = $2
 WHERE id = $1
