-- caller_find_by_token: who holds a token; notes its use once a minute.
--   $1  bytea  SHA-256 of the token's text
--   ->  token bigint, role text, account bigint, name text,
--       administrator boolean
--       no row when it is unknown, revoked, expired, or its account disabled
WITH found AS (
    SELECT t.id, t.role, t.account, a.name, a.administrator, t.last_used_at
      FROM token t
      JOIN account a ON a.id = t.account
     WHERE t.hash = $1
       AND t.revoked_at IS NULL
       AND (t.expires_at IS NULL OR t.expires_at > now())
       AND a.disabled_at IS NULL
), due AS (
    -- Requests at once must not wait for each other's note.
    SELECT t.id
      FROM token t
     WHERE t.id = (SELECT id FROM found
                    WHERE last_used_at IS NULL
                       OR last_used_at < now() - interval '1 minute')
       FOR UPDATE SKIP LOCKED
), noted AS (
    UPDATE token SET last_used_at = now() WHERE id = (SELECT id FROM due)
)
SELECT id, role, account, name, administrator
  FROM found
