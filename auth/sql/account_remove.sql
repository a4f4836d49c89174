-- account_remove: removes an account with its tokens and sessions.
--   $1  bigint  id
DELETE FROM account
 WHERE id = $1
