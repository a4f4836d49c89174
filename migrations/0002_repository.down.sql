DROP TABLE catalog, git_ref, git_object, repository_redirect;
ALTER TABLE token_right DROP CONSTRAINT token_right_repository_fkey;
DROP TABLE repository;
