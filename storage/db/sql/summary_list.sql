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
-- its branches, so each order, and where a page goes on, is an index's.
SELECT r.id, r.public_id, r.kind, r.namespace, n.name, r.name, r.private,
       r.disabled_at IS NOT NULL, r.allow_unsafe, COALESCE(g.mode, 'open'),
       r.created_by, r.created_at, r.updated_at, c.head, c.card,
       array_to_string(c.tags, E'\x1f'), c.pipeline_tag, c.library_name,
       c.license, c.safetensors, c.gguf, COALESCE(c.used_storage, 0),
       r.downloads,
       CASE $7
            WHEN 'downloads' THEN r.downloads
            WHEN 'created'
            THEN (extract(epoch FROM r.created_at) * 1000000)::bigint
            ELSE (extract(epoch FROM r.updated_at) * 1000000)::bigint
       END
  FROM repository r
  JOIN account n ON n.id = r.namespace
  LEFT JOIN gate g ON g.repository = r.id
  LEFT JOIN catalog c ON c.repository = r.id
 WHERE r.kind = $1
   AND (NOT r.private
        OR r.namespace = $2
        OR EXISTS (SELECT FROM membership m
                    WHERE m.organization = r.namespace
                      AND m.account = $2))
   AND ($3::text IS NULL OR n.name_key = lower($3))
   AND ($4::text IS NULL
        OR position(lower($4) IN n.name_key || '/' || r.name_key) > 0)
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
 ORDER BY CASE WHEN $8 AND $7 = 'downloads' THEN r.downloads END,
          CASE WHEN $8 AND $7 = 'created' THEN r.created_at END,
          CASE WHEN $8 AND $7 = 'updated' THEN r.updated_at END,
          CASE WHEN $8 THEN r.id END,
          CASE WHEN $7 = 'downloads' THEN r.downloads END DESC,
          CASE WHEN $7 = 'created' THEN r.created_at END DESC,
          CASE WHEN $7 = 'updated' THEN r.updated_at END DESC,
          r.id DESC
 LIMIT $11
