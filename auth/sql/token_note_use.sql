-- token_note_use: notes that a token was used, at most once a minute.
--   $1  bigint  the token
-- Requests at once must not wait for each other's note.
UPDATE token
   SET last_used_at = now()
 WHERE id = (SELECT id
               FROM token
              WHERE id = $1
                AND (last_used_at IS NULL
                     OR last_used_at < now() - interval '1 minute')
                FOR UPDATE SKIP LOCKED)
