-- git_object_write: adds objects; one that is there already stays as it is.
--   $1  bigint    the repository
--   $2  bytea[]   their names
--   $3  bigint[]  git's number of their kind
--   $4  bytea[]   their bytes
INSERT INTO git_object (repository, oid, kind, size, data)
SELECT $1, oid, kind, octet_length(data), data
  FROM unnest($2::bytea[], $3::bigint[], $4::bytea[]) AS new (oid, kind, data)
    ON CONFLICT DO NOTHING
