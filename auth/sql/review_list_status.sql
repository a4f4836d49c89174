-- review_list_status: requests of one status, newest first: those for one
-- repository, or those that an account may decide.  Each place that they are
-- for gives its newest, and the page is the newest of those.
--   $1  bigint  repository; null for all that the account may decide
--   $2  bigint  account; null for the repository's alone
--   $3  text    status
--   $4  text    public id of the last row before; null: from the newest
--   $5  bigint  how many at most
--   ->  public_id text, kind text, repository text, status text,
--       asked_at timestamptz, reviewed_at timestamptz, answers json,
--       reason text, account_public_id text, account text, fullname text,
--       email text, granted_by text, granted_by_fullname text,
--       decided_by text, grant_ends_at timestamptz, licence text, how text,
--       agreed_at timestamptz, votes bigint
WITH before AS (
    SELECT asked_at, id
      FROM request
     WHERE public_id = $4
     UNION ALL
    SELECT 'infinity', 0
     WHERE $4 IS NULL
), named AS (
    SELECT q.id, q.asked_at
      FROM (SELECT $1::bigint AS id
             WHERE $1 IS NOT NULL
             UNION ALL
            SELECT repository
              FROM gate_reviewer
             WHERE account = $2) place
     CROSS JOIN LATERAL (
           SELECT id, asked_at
             FROM request
            WHERE repository = place.id
              AND status = $3
              AND withdrawn_at IS NULL
              AND account IS NOT NULL
              AND (asked_at, id) < ((SELECT asked_at FROM before),
                                    (SELECT id FROM before))
            ORDER BY asked_at DESC, id DESC
            LIMIT $5) q
), owned AS (
    SELECT q.id, q.asked_at
      FROM (SELECT $2::bigint AS id
             WHERE $2 IS NOT NULL
             UNION ALL
            SELECT organization
              FROM membership
             WHERE account = $2
               AND role IN ('admin', 'write')) place
     CROSS JOIN LATERAL (
           SELECT id, asked_at
             FROM request
            WHERE namespace = place.id
              AND status = $3
              AND withdrawn_at IS NULL
              AND account IS NOT NULL
              AND (asked_at, id) < ((SELECT asked_at FROM before),
                                    (SELECT id FROM before))
            ORDER BY asked_at DESC, id DESC
            LIMIT $5) q
), page AS (
    SELECT id
      FROM (SELECT id, asked_at
              FROM named
             UNION
            SELECT id, asked_at
              FROM owned) found
     ORDER BY asked_at DESC, id DESC
     LIMIT $5
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
