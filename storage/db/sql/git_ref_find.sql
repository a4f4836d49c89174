-- git_ref_find: one ref.
--   $1  bigint  the repository
--   $2  text    its whole name
--   ->  name text, target bytea, symbolic text
--       no row when there is none
SELECT name, target, symbolic
  FROM git_ref
 WHERE repository = $1
   AND name = $2
