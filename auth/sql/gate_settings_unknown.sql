-- gate_settings_unknown: the first name that is no account of this kind.
--   $1  text  user or organization
--   $2  json  names
--   ->  name text
SELECT wanted.name
  FROM json_array_elements_text($2) AS wanted (name)
 WHERE NOT EXISTS (SELECT FROM account a
                    WHERE a.kind = $1 AND a.name_key = lower(wanted.name))
 LIMIT 1
