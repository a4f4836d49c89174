-- review_list_find: requests whose id begins so, among an account's own and
-- those that it may decide; two rows when it is not the beginning of one alone.
--   $1  bigint  account
--   $2  text    a beginning, hexadecimal digits
--   ->  public_id text, kind text, repository text, status text,
--       asked_at timestamptz, reviewed_at timestamptz, answers json,
--       reason text, account_public_id text, account text, fullname text,
--       email text, granted_by text, granted_by_fullname text,
--       decided_by text, grant_ends_at timestamptz, licence text, how text,
--       agreed_at timestamptz, votes bigint
WITH page AS (
    SELECT id
      FROM request
     WHERE public_id ~>=~ $2 -- starts_with, as an index can be asked it
       AND public_id ~<~ ($2 || 'g')
       AND withdrawn_at IS NULL
       AND account IS NOT NULL
       AND repository IS NOT NULL
       AND (account = $1
            OR namespace = $1
            OR namespace = ANY (ARRAY(SELECT organization
                                        FROM membership
                                       WHERE account = $1
                                         AND role IN ('admin', 'write')))
            OR repository = ANY (ARRAY(SELECT repository
                                         FROM gate_reviewer
                                        WHERE account = $1)))
     LIMIT 2
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
