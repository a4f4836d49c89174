-- git_ref_list: the refs whose names begin with a prefix, by name.
--   $1  bigint  the repository
--   $2  text    the prefix; '' for all
--   ->  name text, target bytea, symbolic text
SELECT name, target, symbolic
  FROM git_ref
 WHERE repository = $1
   AND starts_with(name, $2)
 ORDER BY name
