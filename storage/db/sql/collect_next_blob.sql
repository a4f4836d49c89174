-- collect_next_blob: where the next slice of all blobs ends.
--   $1  text    the name before it; empty: from the start
--   $2  bigint  how many at most
--   ->  name text; no row: there is none after that
SELECT name
  FROM (SELECT name
          FROM blob
         WHERE name > $1
         ORDER BY name
         LIMIT $2) slice
 ORDER BY name DESC
 LIMIT 1
