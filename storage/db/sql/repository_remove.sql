-- repository_remove: a repository with its git data and its gate.
--   $1  bigint  id
DELETE FROM repository
 WHERE id = $1
