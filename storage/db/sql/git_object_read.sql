-- git_object_read: objects with their bytes.
--   $1  bigint   the repository
--   $2  bytea[]  names of objects; those that it lacks give no row
--   ->  oid bytea, kind smallint, size bigint, data bytea
SELECT oid, kind, size, data
  FROM git_object
 WHERE repository = $1
   AND oid = ANY ($2)
