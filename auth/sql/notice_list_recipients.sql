-- notice_list_recipients: who is told of requests for a repository: the gate's
-- own address, else its owner or the first five administrators of the
-- organization; and the named reviewers.
--   $1  bigint  repository
--   ->  email text, mode text (bulk or real-time)
WITH told AS (
    SELECT n.id
      FROM repository r
      JOIN account n ON n.id = r.namespace AND n.kind = 'user'
      JOIN gate g ON g.repository = r.id AND g.notifications_email IS NULL
     WHERE r.id = $1
    UNION
    (SELECT m.account
       FROM repository r
       JOIN membership m ON m.organization = r.namespace AND m.role = 'admin'
       JOIN gate g ON g.repository = r.id AND g.notifications_email IS NULL
      WHERE r.id = $1
      ORDER BY m.created_at, m.account
      LIMIT 5)
    UNION
    SELECT account
      FROM gate_reviewer
     WHERE repository = $1
)
SELECT a.email, g.notifications_mode
  FROM told t
  JOIN account a ON a.id = t.id
  JOIN gate g ON g.repository = $1
 WHERE a.email_verified_at IS NOT NULL
   AND a.disabled_at IS NULL
   AND NOT EXISTS (SELECT FROM notice_off o WHERE o.account = a.id)
UNION
SELECT g.notifications_email, g.notifications_mode
  FROM gate g
 WHERE g.repository = $1
   AND g.notifications_email IS NOT NULL
