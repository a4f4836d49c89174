-- repository_find: a repository by its name or by one that it had.
--   $1  text  kind
--   $2  text  namespace, in any case
--   $3  text  name, in any case
--   ->  id bigint, public_id text, kind text, namespace bigint,
--       namespace_name text, name text, private boolean, disabled boolean,
--       allow_unsafe boolean, gate_mode text, created_by bigint,
--       created_at timestamptz, updated_at timestamptz
--       no row when there is none
SELECT r.id, r.public_id, r.kind, r.namespace, n.name, r.name, r.private,
       r.disabled_at IS NOT NULL, r.allow_unsafe, COALESCE(g.mode, 'open'),
       r.created_by, r.created_at, r.updated_at
  FROM repository r
  JOIN account n ON n.id = r.namespace
  LEFT JOIN gate g ON g.repository = r.id
 WHERE r.id = COALESCE(
        (SELECT named.id
           FROM repository named
           JOIN account owner ON owner.id = named.namespace
          WHERE named.kind = $1
            AND owner.name_key = lower($2)
            AND named.name_key = lower($3)),
        (SELECT moved.repository
           FROM repository_redirect moved
          WHERE moved.kind = $1
            AND moved.namespace_key = lower($2)
            AND moved.name_key = lower($3)))
