-- token_add: adds a token, unless its text is in use.
--   $1  text         public id
--   $2  bigint       account, a person's
--   $3  bytea        SHA-256 of its text
--   $4  text         what a person recognises of it
--   $5  text         role
--   $6  text         label
--   $7  timestamptz  end; null for none
--   ->  id bigint
INSERT INTO token (public_id, account, hash, hint, role, label, expires_at)
SELECT $1, a.id, $3, $4, $5, $6, $7
  FROM account a
 WHERE a.id = $2
   AND a.kind = 'user'
ON CONFLICT (hash) DO NOTHING
RETURNING id
