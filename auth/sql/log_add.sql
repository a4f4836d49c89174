-- log_add: one leaf and the record that it commits to.
--   $1  text   kind
--   $2  bytea  the leaf's exact bytes
--   $3  bytea  salt
--   $4  json   the record's exact text
--   ->  id bigint
WITH entry AS (
    INSERT INTO log_entry (kind, leaf)
    VALUES ($1, $2)
    RETURNING id
)
INSERT INTO log_record (entry, salt, record)
SELECT id, $3, $4
  FROM entry
RETURNING entry
