-- gate_settings_set: writes all settings but the reviewers; lists are JSON.
--   $1  bigint       repository
--   $2  text         mode
--   $3  integer      quorum
--   $4  bytea        licence; may be null
--   $5  json         questions; may be null
--   $6  json         form
--   $7  integer      days of a grant; may be null
--   $8  timestamptz  end of an embargo; may be null
--   $9  json         domains accepted
--   $10 json         domains refused
--   $11 json         names of organizations accepted
--   $12 json         names of organizations refused
--   $13 boolean      members are gated
--   $14 text         notifications: bulk or real-time
--   $15 text         address of notifications; may be null
UPDATE gate
   SET mode = $2, quorum = $3, licence = $4, questions = $5, form = $6,
       grant_days = $7, released_at = $8,
       accept_domains = ARRAY(SELECT lower(json_array_elements_text($9))),
       refuse_domains = ARRAY(SELECT lower(json_array_elements_text($10))),
       accept_organizations = ARRAY(
           SELECT id FROM account
            WHERE kind = 'organization'
              AND name_key = ANY (ARRAY(
                      SELECT lower(json_array_elements_text($11))))),
       refuse_organizations = ARRAY(
           SELECT id FROM account
            WHERE kind = 'organization'
              AND name_key = ANY (ARRAY(
                      SELECT lower(json_array_elements_text($12))))),
       org_members_gated = $13, notifications_mode = $14,
       notifications_email = $15, updated_at = now()
 WHERE repository = $1
