-- git_ref_add: a new ref; nothing when the name is taken.
--   $1  bigint  the repository
--   $2  text    its whole name
--   $3  bytea   what it points at
INSERT INTO git_ref (repository, name, target)
VALUES ($1, $2, $3)
    ON CONFLICT DO NOTHING
