-- token_right_add: gives a fine-grained token a right on what its account sees.
--   $1  bigint  token
--   $2  text    right
--   $3  text    kind of the repository
--   $4  text    namespace; null for all
--   $5  text    repository's name; null for all of the namespace
--   no row is added when there is no such thing for this account
INSERT INTO token_right (token, "right", namespace, repository)
SELECT t.id, $2, CASE WHEN $5::text IS NULL THEN n.id END, r.id
  FROM token t
  LEFT JOIN account n ON n.name_key = lower($4)
  LEFT JOIN repository r ON r.namespace = n.id
                        AND r.kind = $3
                        AND r.name_key = lower($5)
  LEFT JOIN membership m ON m.organization = n.id AND m.account = t.account
 WHERE t.id = $1
   AND ($4 IS NULL OR n.id IS NOT NULL)
   AND ($5 IS NULL
        OR (r.id IS NOT NULL
            AND (NOT r.private OR n.id = t.account OR m.role IS NOT NULL)))
