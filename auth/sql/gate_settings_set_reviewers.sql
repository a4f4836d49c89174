-- gate_settings_set_reviewers: these people and no others.
--   $1  bigint  repository
--   $2  json    names
WITH wanted AS (
    SELECT id
      FROM account
     WHERE kind = 'user'
       AND name_key = ANY (ARRAY(
               SELECT lower(json_array_elements_text($2))))
), gone AS (
    DELETE FROM gate_reviewer
     WHERE repository = $1 AND account NOT IN (SELECT id FROM wanted)
)
INSERT INTO gate_reviewer (repository, account)
SELECT $1, id
  FROM wanted
    ON CONFLICT DO NOTHING
