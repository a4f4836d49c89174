-- load_sequence: goes on with ids behind those that were given out.
--   $1  text    name
--   $2  bigint  value, from 1
--   ->  bigint; no row when there is no such sequence
SELECT setval(oid::regclass, $2)
  FROM pg_class
 WHERE relkind = 'S'
   AND relnamespace = current_schema()::regnamespace
   AND relname = $1::text
