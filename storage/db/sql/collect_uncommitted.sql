-- collect_uncommitted: takes from repositories what no commit has named.  The
-- rows are locked before they are judged, so a commit that is under way wins.
--   $1  bigint  for how many milliseconds an object may wait
--   $2  bigint  how many at most
DELETE FROM repository_content r
 USING (SELECT repository, digest
          FROM repository_content
         WHERE committed_at IS NULL
           AND added_at < now() - $1::bigint * interval '1 millisecond'
         ORDER BY added_at
         LIMIT $2
           FOR UPDATE SKIP LOCKED) AS old
 WHERE r.repository = old.repository
   AND r.digest = old.digest
