-- review_list_wait: how many wait at a repository's gate, and how long people
-- waited on whom somebody decided in the last 90 days; of 1,000 at most each.
--   $1  bigint  repository
--   ->  waiting bigint, median_ms bigint (0: nobody)
SELECT (SELECT count(*)
          FROM (SELECT
                  FROM request
                 WHERE repository = $1
                   AND status = 'pending'
                   AND withdrawn_at IS NULL
                 LIMIT 1000) pending),
       COALESCE(1000 * extract(epoch FROM
           (SELECT percentile_cont(0.5)
                       WITHIN GROUP (ORDER BY reviewed_at - asked_at)
              FROM (SELECT reviewed_at, asked_at
                      FROM request
                     WHERE repository = $1
                       AND asked
                       AND decided_by IS NOT NULL
                       AND withdrawn_at IS NULL
                       AND reviewed_at > now() - interval '90 days'
                     ORDER BY reviewed_at DESC
                     LIMIT 1000) newest)), 0)::bigint
