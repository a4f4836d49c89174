-- gate_settings_lock: holds a repository's gate until the transaction ends,
-- making an open one where there is none.
--   $1  bigint  repository
INSERT INTO gate (repository, mode)
VALUES ($1, 'open')
    ON CONFLICT (repository) DO UPDATE SET updated_at = now()
