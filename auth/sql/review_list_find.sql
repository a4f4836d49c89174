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
SELECT i.public_id, i.kind, i.repository_name, i.status, i.asked_at,
       i.reviewed_at, i.answers, i.reason, i.account_public_id,
       i.account_name, i.fullname, i.email, i.granted_by,
       i.granted_by_fullname, i.decided_by, i.grant_ends_at, i.licence, i.how,
       i.agreed_at, i.votes
  FROM request_item i
 WHERE starts_with(i.public_id, $2)
   AND (i.account = $1
        OR EXISTS (SELECT FROM repository r
                LEFT JOIN membership m ON m.organization = r.namespace
                                      AND m.account = $1
                                      AND m.role IN ('admin', 'write')
                WHERE r.id = i.repository
                  AND (r.namespace = $1 OR m.role IS NOT NULL))
       OR EXISTS (SELECT FROM gate_reviewer v
                   WHERE v.repository = i.repository AND v.account = $1))
 LIMIT 2
