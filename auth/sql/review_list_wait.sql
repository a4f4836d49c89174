-- review_list_wait: how many wait at a repository's gate, and how long people
-- waited whom somebody decided on in the last 90 days.
--   $1  bigint  repository
--   ->  waiting bigint, median_ms bigint (0: nobody)
SELECT count(*) FILTER (WHERE status = 'pending'),
       COALESCE(1000 * extract(epoch FROM
           percentile_cont(0.5) WITHIN GROUP (ORDER BY reviewed_at - asked_at)
               FILTER (WHERE decided_by IS NOT NULL AND asked
                         AND reviewed_at > now() - interval '90 days')),
           0)::bigint
  FROM request
 WHERE repository = $1
   AND withdrawn_at IS NULL
