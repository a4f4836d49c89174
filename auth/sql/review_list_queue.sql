-- review_list_queue: requests that an account may decide, newest first.  Each
-- model gives its newest, and the page is the newest of those.
--   $1  bigint  account
--   $2  text    status
--   $3  text    public id of the last row before; null: from the newest
--   $4  bigint  how many at most
--   ->  public_id text, kind text, repository text, status text,
--       asked_at timestamptz, reviewed_at timestamptz, answers json,
--       reason text, account_public_id text, account text, fullname text,
--       email text, granted_by text, granted_by_fullname text,
--       decided_by text, grant_ends_at timestamptz, licence text, how text,
--       agreed_at timestamptz, votes bigint
WITH mine AS (
    SELECT id
      FROM repository
     WHERE namespace = $1
     UNION
    SELECT r.id
      FROM membership m
      JOIN repository r ON r.namespace = m.organization
     WHERE m.account = $1
       AND m.role IN ('admin', 'write')
     UNION
    SELECT repository
      FROM gate_reviewer
     WHERE account = $1
), page AS (
    SELECT q.id
      FROM mine
     CROSS JOIN LATERAL (
           SELECT id, asked_at
             FROM request
            WHERE repository = mine.id
              AND withdrawn_at IS NULL
              AND account IS NOT NULL
              AND status = $2
              AND (asked_at, id) < (
                  CASE WHEN $3::text IS NULL THEN 'infinity'
                       ELSE (SELECT asked_at FROM request WHERE public_id = $3) END,
                  CASE WHEN $3 IS NULL THEN 0
                       ELSE (SELECT id FROM request WHERE public_id = $3) END)
            ORDER BY asked_at DESC, id DESC
            LIMIT $4) q
     ORDER BY q.asked_at DESC, q.id DESC
     LIMIT $4
)
SELECT i.public_id, i.kind, i.repository_name, i.status, i.asked_at,
       i.reviewed_at, i.answers, i.reason, i.account_public_id,
       i.account_name, i.fullname, i.email, i.granted_by,
       i.granted_by_fullname, i.decided_by, i.grant_ends_at, i.licence, i.how,
       i.agreed_at, i.votes
  FROM page
 CROSS JOIN LATERAL (
       SELECT *
         FROM request_item
        WHERE id = page.id
       OFFSET 0) i -- else the view is made whole, and then joined
 ORDER BY i.asked_at DESC, i.id DESC
