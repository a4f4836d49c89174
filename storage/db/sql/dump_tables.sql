-- dump_tables: the tables that a backup holds, those that others refer to
-- first, and the statements that read and write their rows.  Left out is what
-- only the running registry has: unfinished uploads, names of removed bytes.
--   ->  name text, reading text, writing text
WITH RECURSIVE edge AS (
    SELECT DISTINCT conrelid AS child, confrelid AS parent
      FROM pg_constraint
     WHERE contype = 'f'
       AND conrelid <> confrelid
), depth AS (
    SELECT oid AS id, 0 AS steps
      FROM pg_class
     WHERE relkind = 'r'
       AND relnamespace = current_schema()::regnamespace
     UNION
    SELECT edge.child, depth.steps + 1
      FROM depth
      JOIN edge ON edge.parent = depth.id
     WHERE depth.steps < 100
), kept AS (
    SELECT c.relname::text AS name, max(d.steps) AS steps,
           (SELECT string_agg(quote_ident(a.attname), ', ' ORDER BY a.attnum)
              FROM pg_attribute a
             WHERE a.attrelid = c.oid
               AND a.attnum > 0
               AND NOT a.attisdropped
               AND a.attgenerated = '') AS columns
      FROM depth d
      JOIN pg_class c ON c.oid = d.id
     WHERE c.relname NOT IN ('migration', 'content_upload', 'content_part',
                             'blob_garbage', 'scrub', 'upload_slot')
     GROUP BY c.oid, c.relname
)
SELECT name,
       format('COPY (SELECT %s FROM %I%s) TO STDOUT (FORMAT binary)', columns,
              name,
              CASE name
                   WHEN 'blob'
                   THEN ' WHERE name IN (SELECT blob FROM content)'
              END) AS reading,
       format('COPY %I (%s) FROM STDIN (FORMAT binary)', name, columns)
           AS writing
  FROM kept
 ORDER BY steps, name
