-- release_find: the standing release of a tag, or the newest.
--   $1  bigint  repository
--   $2  text    tag; null: any
--   ->  id bigint, public_id text, tag text, commit_oid bytea, hint text,
--       signing_key bigint, root_digest bytea, licence bytea, files integer,
--       size bigint, published_by text, published_at timestamptz,
--       withdrawn_at timestamptz
SELECT r.id, r.public_id, r.tag, r.commit_oid, k.hint, r.signing_key,
       r.root_digest, r.licence, r.files, r.size, a.name, r.published_at,
       r.withdrawn_at
  FROM release r
  JOIN signing_key k ON k.id = r.signing_key
  LEFT JOIN account a ON a.id = r.published_by
 WHERE r.repository = $1
   AND (r.tag = $2 OR $2 IS NULL)
   AND r.withdrawn_at IS NULL
 ORDER BY r.published_at DESC, r.id DESC
 LIMIT 1
