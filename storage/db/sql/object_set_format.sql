-- object_set_format: what the scan found in an object.
--   $1  bytea    digest
--   $2  text     format
--   $3  boolean  whether the format can run code
--   $4  text     what its header says, as JSON, or null
UPDATE content
   SET format = $2,
       unsafe = $3,
       detail = $4::text::jsonb
 WHERE digest = $1
