-- review_list: requests for one repository, newest first.
--   $1  bigint       repository
--   $2  text         status; null for any
--   $3  text         beginning of a name or address, or its domain; null: all
--   $4  timestamptz  asked later than this; null: any
--   $5  timestamptz  asked earlier than this; null: any
--   $6  text         public id of the last row before; null: from the newest
--   $7  bigint       how many at most
--   ->  public_id text, kind text, repository text, status text,
--       asked_at timestamptz, reviewed_at timestamptz, answers json,
--       reason text, account_public_id text, account text, fullname text,
--       email text, granted_by text, granted_by_fullname text,
--       decided_by text, grant_ends_at timestamptz, licence text, how text,
--       agreed_at timestamptz, votes bigint
-- Planned for each call: what is not asked for costs nothing.
SELECT i.public_id, i.kind, i.repository_name, i.status, i.asked_at,
       i.reviewed_at, i.answers, i.reason, i.account_public_id,
       i.account_name, i.fullname, i.email, i.granted_by,
       i.granted_by_fullname, i.decided_by, i.grant_ends_at, i.licence, i.how,
       i.agreed_at, i.votes
  FROM request_item i
 WHERE i.repository = $1
   AND ($2::text IS NULL OR i.status = $2)
   AND ($3::text IS NULL OR starts_with(lower(i.account_name), lower($3))
        OR starts_with(lower(i.fullname), lower($3))
        OR starts_with(lower(i.email), lower($3))
        OR substring(lower(i.email) FROM '@([^@]*)$') = lower($3))
   AND ($4::timestamptz IS NULL OR i.asked_at > $4)
   AND ($5::timestamptz IS NULL OR i.asked_at < $5)
   AND ($6::text IS NULL OR (i.asked_at, i.id) < (
           SELECT asked_at, id FROM request WHERE public_id = $6))
 ORDER BY i.asked_at DESC, i.id DESC
 LIMIT $7
