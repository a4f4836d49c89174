-- right_list: the models that an account may see, newest first.
--   $1  bigint  account; 0 for nobody
--   $2  bigint  at most so many
--   ->  the 13 columns of repository_find
SELECT r.id, r.public_id, r.kind, r.namespace, n.name, r.name, r.private,
       r.disabled_at IS NOT NULL, r.allow_unsafe, COALESCE(g.mode, 'open'),
       r.created_by, r.created_at, r.updated_at
  FROM repository r
  JOIN account n ON n.id = r.namespace
  LEFT JOIN gate g ON g.repository = r.id
 WHERE r.kind = 'model'
   AND (NOT r.private
        OR r.namespace = $1
        OR EXISTS (SELECT FROM membership m
                    WHERE m.organization = r.namespace AND m.account = $1)
        OR EXISTS (SELECT FROM gate_reviewer v
                    WHERE v.repository = r.id AND v.account = $1))
 ORDER BY r.updated_at DESC, r.id DESC
 LIMIT $2
