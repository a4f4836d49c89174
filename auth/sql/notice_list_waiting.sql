-- notice_list_waiting: gates with a mail a day, and how many requests of the
-- last UTC day wait at them, where nobody was told yet.
--   ->  repository bigint, name text, count bigint
SELECT q.repository, max(q.repository_name), count(*)
  FROM request q
  JOIN gate g ON g.repository = q.repository
             AND g.notifications_mode = 'bulk'
 WHERE q.status = 'pending'
   AND q.withdrawn_at IS NULL
   AND q.asked_at >= date_trunc('day', now(), 'UTC') - interval '1 day'
   AND q.asked_at < date_trunc('day', now(), 'UTC')
   AND NOT EXISTS (SELECT FROM outbox o -- one that begins so; ";" follows ":"
                    WHERE o.dedupe ~>=~ ('daily:' || q.repository || ':'
                          || to_char(now() AT TIME ZONE 'UTC'
                                     - interval '1 day', 'YYYY-MM-DD:'))
                      AND o.dedupe ~<~ ('daily:' || q.repository || ':'
                          || to_char(now() AT TIME ZONE 'UTC'
                                     - interval '1 day', 'YYYY-MM-DD;')))
 GROUP BY q.repository
