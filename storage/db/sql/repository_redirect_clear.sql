-- repository_redirect_clear: no redirect may hide a repository's own name.
--   $1  bigint  id
DELETE FROM repository_redirect moved
 USING repository r, account n
 WHERE r.id = $1
   AND n.id = r.namespace
   AND moved.kind = r.kind
   AND moved.namespace_key = n.name_key
   AND moved.name_key = r.name_key
