-- migration_list: the levels that this database has been brought to.
--   ->  level integer, digest text
SELECT level, digest
  FROM migration
 ORDER BY level
