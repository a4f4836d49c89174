-- account_set_password: sets a password and ends sessions.
--   $1  bigint  account
--   $2  text    Argon2id hash
--   $3  bigint  the session that goes on; 0 for none
WITH ended AS (
    DELETE FROM session WHERE account = $1 AND id <> $3
)
UPDATE account
   SET password = $2
 WHERE id = $1
