-- repository_redirect: keeps a repository's present name as one it had.
--   $1  bigint  id
INSERT INTO repository_redirect (kind, namespace_key, name_key, repository)
SELECT r.kind, n.name_key, r.name_key, r.id
  FROM repository r
  JOIN account n ON n.id = r.namespace
 WHERE r.id = $1
    ON CONFLICT (kind, namespace_key, name_key)
    DO UPDATE SET repository = EXCLUDED.repository
