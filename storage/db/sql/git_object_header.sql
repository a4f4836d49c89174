-- git_object_header: what objects are; the bytes of those up to 1 KiB, which
-- is as long as a pointer to weights can be.
--   $1  bigint   the repository
--   $2  bytea[]  names of objects; those that it lacks give no row
--   ->  oid bytea, kind smallint, size bigint, data bytea
SELECT oid, kind, size, CASE WHEN size <= 1024 THEN data END
  FROM git_object
 WHERE repository = $1
   AND oid = ANY ($2)
