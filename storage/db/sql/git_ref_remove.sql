-- git_ref_remove: removes a ref if it is where we think it is.
--   $1  bigint  the repository
--   $2  text    its whole name
--   $3  bytea   what it points at now
DELETE FROM git_ref
 WHERE repository = $1
   AND name = $2
   AND target = $3
