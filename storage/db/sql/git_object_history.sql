-- git_object_history: commits, trees and tags, so that walking all of them
-- costs one round trip.  Of a longer history the rest is read one by one.
--   $1  bigint  the repository
--   ->  oid bytea, kind smallint, size bigint, data bytea
SELECT oid, kind, size, data
  FROM git_object
 WHERE repository = $1
   AND kind IN (1, 2, 4)
   AND size <= 65536
 LIMIT 20000
