-- git_ref_move: points a ref elsewhere if it is where we think it is.
--   $1  bigint  the repository
--   $2  text    its whole name
--   $3  bytea   what it points at now
--   $4  bytea   what it shall point at
UPDATE git_ref
   SET target = $4,
       updated_at = now()
 WHERE repository = $1
   AND name = $2
   AND target = $3
