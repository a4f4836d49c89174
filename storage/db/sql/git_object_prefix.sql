-- git_object_prefix: at most two commits whose names lie between two.
--   $1  bigint  the repository
--   $2  bytea   the first name
--   $3  bytea   the last name
--   ->  oid bytea
SELECT oid
  FROM git_object
 WHERE repository = $1
   AND kind = 1
   AND oid BETWEEN $2 AND $3
 LIMIT 2
