-- git_ref_head: what HEAD stands for.
--   $1  bigint  the repository
--   $2  text    a branch's whole name
INSERT INTO git_ref (repository, name, symbolic)
VALUES ($1, 'HEAD', $2)
    ON CONFLICT (repository, name) DO UPDATE SET symbolic = EXCLUDED.symbolic
