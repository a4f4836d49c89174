-- right_find_namespace: a user's or organisation's name, and what an account
-- and its token are to it.
--   $1  text    name
--   $2  bigint  account
--   $3  bigint  a fine-grained token; null for anything else
--   ->  id bigint, name text, kind text, private_by_default boolean,
--       membership text, may_write boolean, may_manage boolean
SELECT n.id, n.name, n.kind, n.private_by_default,
       CASE WHEN n.id = $2 THEN 'owner' ELSE COALESCE(m.role, '') END,
       COALESCE(t.may_write, false), COALESCE(t.may_manage, false)
  FROM account n
  LEFT JOIN membership m ON m.organization = n.id AND m.account = $2
  LEFT JOIN LATERAL (
       SELECT bool_or("right" = 'write') AS may_write,
              bool_or("right" = 'manage') AS may_manage
         FROM token_right
        WHERE token = $3
          AND repository IS NULL
          AND (namespace = n.id OR namespace IS NULL)
       ) t ON true
 WHERE n.name_key = lower($1)
