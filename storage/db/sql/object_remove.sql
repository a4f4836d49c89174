-- object_remove: takes objects from a repository.
--   $1  bigint   repository
--   $2  bytea[]  digests
DELETE FROM repository_content
 WHERE repository = $1
   AND digest = ANY ($2::bytea[])
