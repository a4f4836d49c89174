-- log_number: the next indexes to the oldest committed entries without one.
--   $1  bigint  how many at most
UPDATE log_entry e
   SET index = next.index
  FROM (SELECT id,
               (SELECT COALESCE(max(index) + 1, 0) FROM log_entry)
                   + row_number() OVER (ORDER BY id) - 1 AS index
          FROM log_entry
         WHERE index IS NULL
         ORDER BY id
         LIMIT $1) next
 WHERE e.id = next.id
