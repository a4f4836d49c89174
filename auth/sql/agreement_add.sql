-- agreement_add: keeps an agreement as it was given, and its receipt.
--   $1  text    public id
--   $2  bigint  repository
--   $3  text    the repository's name
--   $4  bigint  account
--   $5  text    the account's name
--   $6  bytea   licence
--   $7  text    revision
--   $8  json    answers
--   $9  text    how it was given
--   $10 text    what was shown
--   $11 text    PEM of the key that signed
--   $12 bytea   envelope
--   $13 bytea   receipt
INSERT INTO agreement (public_id, repository, repository_name, account,
                       account_name, licence, revision, answers, how, shown,
                       key, envelope, receipt)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
