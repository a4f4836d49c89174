-- right_list: the models that an account may see, newest first.
--   $1  bigint  account; 0 for nobody
--   $2  bigint  at most so many
--   ->  the 13 columns of repository_find
WITH public AS (
    SELECT id, updated_at
      FROM repository
     WHERE kind = 'model'
       AND NOT private
     ORDER BY updated_at DESC, id DESC
     LIMIT $2
), page AS (
    SELECT id, updated_at
      FROM (SELECT id, updated_at
              FROM public
             UNION ALL
            -- Few to each account, so they are sorted.
            SELECT id, updated_at
              FROM repository
             WHERE kind = 'model'
               AND private
               AND (namespace = ANY (ARRAY(SELECT $1
                                            UNION ALL
                                           SELECT organization
                                             FROM membership
                                            WHERE account = $1))
                    OR id = ANY (ARRAY(SELECT repository
                                         FROM gate_reviewer
                                        WHERE account = $1)))) seen
     ORDER BY updated_at DESC, id DESC
     LIMIT $2
)
SELECT shown.*
  FROM page
 CROSS JOIN LATERAL (
       SELECT r.id, r.public_id, r.kind, r.namespace, n.name AS namespace_name,
              r.name, r.private, r.disabled_at IS NOT NULL, r.allow_unsafe,
              COALESCE(g.mode, 'open'), r.created_by, r.created_at, r.updated_at
         FROM repository r
         JOIN account n ON n.id = r.namespace
         LEFT JOIN gate g ON g.repository = r.id
        WHERE r.id = page.id
       OFFSET 0) shown -- one by one, however many the plan expects
 ORDER BY page.updated_at DESC, page.id DESC
