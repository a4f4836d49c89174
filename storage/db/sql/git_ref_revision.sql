-- git_ref_revision: what a word may mean: a branch, before a tag, before the
-- whole name of a ref; and, since they are asked for next, the object that it
-- names and a commit's tree, a row each, unless they are long.
--   $1  bigint  the repository
--   $2  text    the word
--   ->  name text, target bytea, symbolic text, oid bytea (null: no object is
--       brought), kind smallint, size bigint, data bytea
--       no row when no ref is called so
WITH ref AS (
    SELECT name, target, symbolic
      FROM git_ref
     WHERE repository = $1
       AND name IN ('refs/heads/' || $2, 'refs/tags/' || $2, $2)
       AND target IS NOT NULL
     ORDER BY CASE name WHEN 'refs/heads/' || $2 THEN 1
                        WHEN 'refs/tags/' || $2 THEN 2
                        ELSE 3 END
     LIMIT 1
), named AS (
    SELECT o.oid, o.kind, o.size, o.data
      FROM ref
      JOIN git_object o ON o.repository = $1 AND o.oid = ref.target
     WHERE o.size <= 1048576
), tree AS (
    SELECT o.oid, o.kind, o.size, o.data
      FROM named n
      JOIN git_object o
        ON o.repository = $1
       AND o.oid = CASE
               WHEN n.kind = 1
                    AND encode(substr(n.data, 1, 45), 'escape')
                        ~ '^tree [0-9a-f]{40}$'
               THEN decode(encode(substr(n.data, 6, 40), 'escape'), 'hex') END
     WHERE o.size <= 1048576
)
SELECT ref.name, ref.target, ref.symbolic, o.oid, o.kind, o.size, o.data
  FROM ref
  LEFT JOIN (SELECT oid, kind, size, data FROM named
             UNION ALL
             SELECT oid, kind, size, data FROM tree) o ON true
