-- question_add: records questions to the gate, in one batch, a column each.
--   $1  bigint[]  when, in milliseconds since 1970
--   $2  bigint[]  account, 0 for nobody
--   $3  bigint[]  token, 0 for none
--   $4  text[]    address
--   $5  bigint[]  repository
--   $6  bytea[]   commit; may be null
--   $7  text[]    path; may be null
--   $8  bigint[]  1 where it was allowed, else 0
--   $9  text[]    reason
--   $10 bigint[]  access_grant, 0 for none
--   $11 text[]    the request's id
INSERT INTO gate_question (at, account, token, address, repository, commit_oid,
                           path, allowed, reason, access_grant, http_request)
SELECT timestamptz 'epoch' + at * interval '1 millisecond', NULLIF(account, 0),
       NULLIF(token, 0), address, repository, commit, path, allowed = 1,
       reason, NULLIF(grant_id, 0), http_request
  FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[],
              $5::bigint[], $6::bytea[], $7::text[], $8::bigint[], $9::text[],
              $10::bigint[], $11::text[])
       AS question (at, account, token, address, repository, commit, path,
                    allowed, reason, grant_id, http_request)
