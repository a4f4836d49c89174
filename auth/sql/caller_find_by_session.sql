-- caller_find_by_session: who holds a cookie; rotates it once an hour.
--   $1  bytea  SHA-256 of the cookie's value
--   $2  bytea  SHA-256 of the value that replaces it when it is due
--   ->  session bigint, account bigint, name text, administrator boolean,
--       rotated boolean
--       no row when it is unknown, over, or its account disabled
WITH found AS (
    SELECT s.id, s.account, a.name, a.administrator
      FROM session s
      JOIN account a ON a.id = s.account
     WHERE (s.hash = $1
            OR (s.previous_hash = $1
                AND s.rotated_at > now() - interval '1 minute'))
       AND s.expires_at > now()
       AND a.disabled_at IS NULL
), due AS (
    -- Of requests at once one rotates; the others keep the value they have.
    SELECT s.id
      FROM session s
     WHERE s.id = (SELECT id FROM found)
       AND s.hash = $1
       AND s.rotated_at < now() - interval '1 hour'
       FOR UPDATE SKIP LOCKED
), rotated AS (
    UPDATE session
       SET previous_hash = hash, hash = $2, rotated_at = now()
     WHERE id = (SELECT id FROM due)
    RETURNING id
)
SELECT id, account, name, administrator, EXISTS (SELECT FROM rotated)
  FROM found
