-- right_find: a repository, and what an account and its token are to it.
--   $1  text    kind
--   $2  text    namespace
--   $3  text    name
--   $4  bigint  account; null for nobody
--   $5  bigint  a fine-grained token; null for anything else
--   ->  id bigint, public_id text, namespace_id bigint, namespace text,
--       name text, private boolean, disabled boolean, allow_unsafe boolean,
--       gate_mode text, created_by bigint, created_at timestamptz,
--       updated_at timestamptz, membership text, reviewer boolean,
--       may_read boolean, may_write boolean, may_gated boolean,
--       may_review boolean, may_manage boolean (the token's own rights)
WITH found AS (
    SELECT r.id, 1 AS turn
      FROM account a
      JOIN repository r ON r.namespace = a.id
     WHERE a.name_key = lower($2)
       AND r.kind = $1
       AND r.name_key = lower($3)
    UNION ALL
    SELECT d.repository, 2
      FROM repository_redirect d
     WHERE d.kind = $1
       AND d.namespace_key = lower($2)
       AND d.name_key = lower($3)
     ORDER BY turn
     LIMIT 1
)
SELECT r.id, r.public_id, r.namespace, n.name, r.name, r.private,
       r.disabled_at IS NOT NULL, r.allow_unsafe, COALESCE(g.mode, 'open'),
       COALESCE(r.created_by, 0), r.created_at, r.updated_at,
       CASE WHEN r.namespace = $4 THEN 'owner' ELSE COALESCE(m.role, '') END,
       EXISTS (SELECT FROM gate_reviewer v
                WHERE v.repository = r.id AND v.account = $4),
       COALESCE(t.may_read, false), COALESCE(t.may_write, false),
       COALESCE(t.may_gated, false), COALESCE(t.may_review, false),
       COALESCE(t.may_manage, false)
  FROM found f
  JOIN repository r ON r.id = f.id
  JOIN account n ON n.id = r.namespace
  LEFT JOIN gate g ON g.repository = r.id
  LEFT JOIN membership m ON m.organization = r.namespace AND m.account = $4
  LEFT JOIN LATERAL (
       SELECT bool_or("right" = 'read') AS may_read,
              bool_or("right" = 'write') AS may_write,
              bool_or("right" = 'gated') AS may_gated,
              bool_or("right" = 'review') AS may_review,
              bool_or("right" = 'manage') AS may_manage
         FROM token_right
        WHERE token = $5
          AND (repository = r.id OR namespace = r.namespace
               OR (repository IS NULL AND namespace IS NULL))
       ) t ON true
