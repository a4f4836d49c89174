-- dump_blobs: the blobs that objects have; those known to be damaged left out.
--   ->  name text, digest bytea, size bigint
SELECT blob AS name, digest, size
  FROM content
 WHERE quarantined_at IS NULL
 ORDER BY blob COLLATE "C"
