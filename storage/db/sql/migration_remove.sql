-- migration_remove: records that a level was left.
--   $1  integer  level
DELETE FROM migration
 WHERE level = $1
