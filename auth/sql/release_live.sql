-- release_live: whether a tag is a release that holds.
--   $1  bigint  the repository
--   $2  text    the tag
--   ->  id bigint
--       no row when it is none, or was withdrawn
SELECT id
  FROM release
 WHERE repository = $1
   AND tag = $2
   AND withdrawn_at IS NULL
