-- summary_list: repositories that an account may see, a page of them.
--   $1   text     kind
--   $2   bigint   the account that looks; 0 for nobody
--   $3   text     namespace, or null
--   $4   text     part of "namespace/name", or null
--   $5   text[]   tags that all must be there
--   $6   boolean  gated or not, or null for both
--   $7   text     order: updated, created, downloads
--   $8   boolean  ascending
--   $9   bigint   the key that the page before ended with
--   $10  bigint   the id that it ended with; 0 for the first page
--   $11  bigint   at most so many
--   ->  the columns of repository_find, those of summary_find, key bigint
-- Planned for each call: with the parameters known each CASE on them is one of
-- its branches, so each order, and where a page goes on, is an index's.  That
-- index has public rows; private ones are few to each who may see them.
WITH fitting AS NOT MATERIALIZED (
    SELECT r.id, r.private, r.namespace, r.downloads, r.created_at,
           r.updated_at,
           CASE $7
                WHEN 'downloads' THEN r.downloads
                WHEN 'created'
                THEN (extract(epoch FROM r.created_at) * 1000000)::bigint
                ELSE (extract(epoch FROM r.updated_at) * 1000000)::bigint
           END AS key
      FROM repository r
      LEFT JOIN gate g ON g.repository = r.id
      LEFT JOIN catalog c ON c.repository = r.id
     WHERE r.kind = $1
       AND ($3::text IS NULL OR r.namespace = (SELECT id
                                                 FROM account
                                                WHERE name_key = lower($3)))
       AND ($4::text IS NULL
            OR r.full_key LIKE '%' || regexp_replace(lower($4), '([\\%_])',
                                                     '\\\1', 'g') || '%')
       AND (cardinality($5::text[]) = 0 OR c.tags @> $5)
       AND ($6::boolean IS NULL OR (COALESCE(g.mode, 'open') <> 'open') = $6)
       AND CASE
           WHEN $10 = 0::bigint THEN true
           WHEN $7 = 'downloads' AND $8 THEN (r.downloads, r.id) > ($9, $10)
           WHEN $7 = 'downloads' THEN (r.downloads, r.id) < ($9, $10)
           WHEN $7 = 'created' AND $8
           THEN (r.created_at, r.id)
                > ('epoch'::timestamptz + $9 * interval '1 microsecond', $10)
           WHEN $7 = 'created'
           THEN (r.created_at, r.id)
                < ('epoch'::timestamptz + $9 * interval '1 microsecond', $10)
           WHEN $8
           THEN (r.updated_at, r.id)
                > ('epoch'::timestamptz + $9 * interval '1 microsecond', $10)
           ELSE (r.updated_at, r.id)
                < ('epoch'::timestamptz + $9 * interval '1 microsecond', $10)
           END
), public AS (
    SELECT id, key
      FROM fitting
     WHERE NOT private
     ORDER BY CASE WHEN $8 AND $7 = 'downloads' THEN downloads END,
              CASE WHEN $8 AND $7 = 'created' THEN created_at END,
              CASE WHEN $8 AND $7 = 'updated' THEN updated_at END,
              CASE WHEN $8 THEN id END,
              CASE WHEN $7 = 'downloads' THEN downloads END DESC,
              CASE WHEN $7 = 'created' THEN created_at END DESC,
              CASE WHEN $7 = 'updated' THEN updated_at END DESC,
              id DESC
     LIMIT $11
), page AS (
    SELECT id, key
      FROM (SELECT id, key
              FROM public
             UNION ALL
            SELECT id, key
              FROM fitting
             WHERE private
               AND $2 <> 0::bigint
               AND namespace = ANY (ARRAY(SELECT $2
                                           UNION ALL
                                          SELECT organization
                                            FROM membership
                                           WHERE account = $2))) seen
     ORDER BY CASE WHEN $8 THEN key ELSE -key END,
              CASE WHEN $8 THEN id ELSE -id END
     LIMIT $11
)
SELECT shown.*, page.key
  FROM page
 CROSS JOIN LATERAL (
       SELECT r.id, r.public_id, r.kind, r.namespace, n.name AS namespace_name,
              r.name, r.private, r.disabled_at IS NOT NULL, r.allow_unsafe,
              COALESCE(g.mode, 'open'), r.created_by, r.created_at,
              r.updated_at, c.head, c.card, array_to_string(c.tags, E'\x1f'),
              c.pipeline_tag, c.library_name, c.license, c.safetensors, c.gguf,
              COALESCE(c.used_storage, 0), r.downloads
         FROM repository r
         JOIN account n ON n.id = r.namespace
         LEFT JOIN gate g ON g.repository = r.id
         LEFT JOIN catalog c ON c.repository = r.id
        WHERE r.id = page.id
       OFFSET 0) shown -- one by one, however many the plan expects
 ORDER BY CASE WHEN $8 THEN page.key ELSE -page.key END,
          CASE WHEN $8 THEN page.id ELSE -page.id END
