-- signing_key_add: a new key, which signs from now on.
--   $1  bigint  namespace
--   $2  text    hint
--   $3  text    pem
--   $4  bytea   rotation; null: none
--   $5  bigint  account that registers it
INSERT INTO signing_key (namespace, hint, pem, rotation, registered_by)
VALUES ($1, $2, $3, $4, $5)
