-- review_list_own: an account's own requests, newest first.
--   $1  bigint  account
--   $2  bigint  repository that they are for; null for any
--   $3  text    public id of the last row before; null: from the newest
--   $4  bigint  how many at most
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
 WHERE i.account = $1
   AND ($2::bigint IS NULL OR i.repository = $2)
   AND ($3::text IS NULL OR (i.asked_at, i.id) < (
           SELECT asked_at, id FROM request WHERE public_id = $3))
 ORDER BY i.asked_at DESC, i.id DESC
 LIMIT $4
