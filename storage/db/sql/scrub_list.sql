-- scrub_list: objects with their blobs, by digest.
--   $1  bytea   the digest before the first; empty: from the start
--   $2  bigint  how many at most
--   ->  digest bytea, blob text, size bigint, quarantine_reason text
SELECT digest, blob, size, quarantine_reason
  FROM content
 WHERE digest > $1
 ORDER BY digest
 LIMIT $2
