-- review_find_votes: where the vote on a request's present round stands.
--   $1  bigint  request
--   $2  bigint  account that is about to vote
--   ->  is_reviewer boolean, has_voted boolean, votes bigint (of reviewers
--       whom the gate still names)
SELECT EXISTS (SELECT FROM gate_reviewer v
                WHERE v.repository = q.repository AND v.account = $2),
       EXISTS (SELECT FROM decision d
                WHERE d.request = q.id AND d.round = q.round
                  AND d.kind = 'vote' AND d.account = $2),
       (SELECT count(*)
          FROM decision d
          JOIN gate_reviewer v ON v.repository = q.repository
                              AND v.account = d.account
         WHERE d.request = q.id AND d.round = q.round AND d.kind = 'vote'
           AND d.account <> q.account)
  FROM request q
 WHERE q.id = $1
