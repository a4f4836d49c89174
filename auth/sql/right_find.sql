-- right_find: a repository, and what an account and its token are to it.
--   $1  text    kind
--   $2  text    namespace, in any case
--   $3  text    name, in any case
--   $4  bigint  account; null for nobody
--   $5  bigint  a fine-grained token; null for anything else
--   ->  the 13 columns of repository_find, then
--       membership text, reviewer boolean, and the token's own rights:
--       may_read boolean, may_write boolean, may_gated boolean,
--       may_review boolean, may_manage boolean
SELECT r.id, r.public_id, r.kind, r.namespace, n.name, r.name, r.private,
       r.disabled_at IS NOT NULL, r.allow_unsafe, COALESCE(g.mode, 'open'),
       r.created_by, r.created_at, r.updated_at,
       CASE WHEN r.namespace = $4 THEN 'owner' ELSE COALESCE(m.role, '') END,
       EXISTS (SELECT FROM gate_reviewer v
                WHERE v.repository = r.id AND v.account = $4),
       COALESCE(t.may_read, false), COALESCE(t.may_write, false),
       COALESCE(t.may_gated, false), COALESCE(t.may_review, false),
       COALESCE(t.may_manage, false)
  FROM repository r
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
