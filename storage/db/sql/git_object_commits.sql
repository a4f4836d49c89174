-- git_object_commits: the commits, so that a walk costs one round trip.  Of a
-- longer history the rest is read one by one.
--   $1  bigint  the repository
--   ->  oid bytea, kind smallint, size bigint, data bytea
SELECT oid, kind, size, data
  FROM git_object
 WHERE repository = $1
   AND kind = 1
   AND size <= 65536
 LIMIT 20000
