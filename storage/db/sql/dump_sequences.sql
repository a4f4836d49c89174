-- dump_sequences: how far ids have been given out; 0 for none.
--   ->  name text, value bigint
SELECT sequencename::text AS name, COALESCE(last_value, 0) AS value
  FROM pg_sequences
 WHERE schemaname = current_schema()
 ORDER BY 1
