-- release_list: all releases of a repository, the newest first.
--   $1  bigint  repository
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
 ORDER BY r.published_at DESC, r.id DESC
 LIMIT 1000
