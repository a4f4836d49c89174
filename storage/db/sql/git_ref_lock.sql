-- git_ref_lock: one ref, locked until the transaction ends.
--   $1  bigint  the repository
--   $2  text    its whole name
--   ->  name text, target bytea, symbolic text
--       no row when there is none
SELECT name, target, symbolic
  FROM git_ref
 WHERE repository = $1
   AND name = $2
   FOR UPDATE
