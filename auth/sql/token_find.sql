-- token_find: a token by its row.
--   $1  bigint  id
--   ->  id bigint, public_id text, account text, role text, label text,
--       hint text, created_at timestamptz, expires_at timestamptz,
--       revoked_at timestamptz, last_used_at timestamptz
SELECT t.id, t.public_id, a.name, t.role, t.label, t.hint, t.created_at,
       t.expires_at, t.revoked_at, t.last_used_at
  FROM token t
  JOIN account a ON a.id = t.account
 WHERE t.id = $1
