-- release_withdraw: takes a release back, and keeps that it was one.
--   $1  bigint  the repository
--   $2  text    the tag
--   $3  text    why, or null
UPDATE release
   SET withdrawn_at = now(),
       withdrawn_reason = $3
 WHERE repository = $1
   AND tag = $2
   AND withdrawn_at IS NULL
