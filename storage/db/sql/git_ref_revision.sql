-- git_ref_revision: what a word may mean: a branch, before a tag, before the
-- whole name of a ref.
--   $1  bigint  the repository
--   $2  text    the word
--   ->  name text, target bytea, symbolic text
--       no row when no ref is called so
SELECT name, target, symbolic
  FROM git_ref
 WHERE repository = $1
   AND name IN ('refs/heads/' || $2, 'refs/tags/' || $2, $2)
   AND target IS NOT NULL
 ORDER BY CASE name WHEN 'refs/heads/' || $2 THEN 1
                    WHEN 'refs/tags/' || $2 THEN 2
                    ELSE 3 END
 LIMIT 1
