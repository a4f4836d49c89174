-- question_add: records questions to the gate, in one batch.
--   $1  json  an array of objects with the members named below; commit is
--             hexadecimal digits
INSERT INTO gate_question (at, account, token, address, repository, commit_oid,
                           path, allowed, reason, access_grant, http_request)
SELECT at, account, token, address, repository, decode(commit, 'hex'),
       path, allowed, reason, access_grant, http_request
  FROM json_to_recordset($1) AS question (
           at timestamptz, account bigint, token bigint, address text,
           repository bigint, commit text, path text, allowed boolean,
           reason text, access_grant bigint, http_request text)
