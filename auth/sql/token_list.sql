-- token_list: tokens that are not revoked, newest first.
--   $1  bigint  account; 0 for everybody's
--   ->  id bigint, public_id text, account text, role text, label text,
--       hint text, created_at timestamptz, expires_at timestamptz,
--       revoked_at timestamptz, last_used_at timestamptz
-- Planned for each call: an account's own are an index's.
SELECT t.id, t.public_id, a.name, t.role, t.label, t.hint, t.created_at,
       t.expires_at, t.revoked_at, t.last_used_at
  FROM token t
  JOIN account a ON a.id = t.account
 WHERE (t.account = $1 OR $1 = 0)
   AND t.revoked_at IS NULL
 ORDER BY t.id DESC
