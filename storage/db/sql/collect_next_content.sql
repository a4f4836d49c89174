-- collect_next_content: where the next slice of all objects ends.
--   $1  bytea   the digest before it; empty: from the start
--   $2  bigint  how many at most
--   ->  digest bytea; no row: there is none after that
SELECT digest
  FROM (SELECT digest
          FROM content
         WHERE digest > $1
         ORDER BY digest
         LIMIT $2) slice
 ORDER BY digest DESC
 LIMIT 1
