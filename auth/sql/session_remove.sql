-- session_remove: ends a session.
--   $1  bigint  session
DELETE FROM session
 WHERE id = $1
