-- repository_find_by_id: a repository by its row.
--   $1  bigint  id
--   ->  the columns of repository_find
--       no row when there is none
SELECT r.id, r.public_id, r.kind, r.namespace, n.name, r.name, r.private,
       r.disabled_at IS NOT NULL, r.allow_unsafe, COALESCE(g.mode, 'open'),
       r.created_by, r.created_at, r.updated_at
  FROM repository r
  JOIN account n ON n.id = r.namespace
  LEFT JOIN gate g ON g.repository = r.id
 WHERE r.id = $1
