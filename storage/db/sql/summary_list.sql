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
SELECT id, public_id, kind, namespace, namespace_name, name, private, disabled,
       allow_unsafe, gate_mode, created_by, created_at, updated_at, head, card,
       tags, pipeline_tag, library_name, license, safetensors, gguf,
       used_storage, downloads, key
  FROM (SELECT r.id, r.public_id, r.kind, r.namespace,
               n.name AS namespace_name, r.name, r.private,
               r.disabled_at IS NOT NULL AS disabled, r.allow_unsafe,
               COALESCE(g.mode, 'open') AS gate_mode, r.created_by,
               r.created_at, r.updated_at, c.head, c.card,
               array_to_string(c.tags, E'\x1f') AS tags, c.pipeline_tag,
               c.library_name, c.license, c.safetensors, c.gguf,
               COALESCE(c.used_storage, 0) AS used_storage, r.downloads,
               CASE $7
                    WHEN 'downloads' THEN r.downloads
                    WHEN 'created'
                    THEN (extract(epoch FROM r.created_at) * 1000000)::bigint
                    ELSE (extract(epoch FROM r.updated_at) * 1000000)::bigint
               END AS key
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
           AND ($6::boolean IS NULL
                OR (COALESCE(g.mode, 'open') <> 'open') = $6)) AS listed
 WHERE $10 = 0::bigint
    OR ($8 AND (key, id) > ($9, $10))
    OR (NOT $8 AND (key, id) < ($9, $10))
 ORDER BY CASE WHEN $8 THEN key END, CASE WHEN $8 THEN id END,
          key DESC, id DESC
 LIMIT $11
