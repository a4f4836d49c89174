-- ready_check: one row, when the database can answer at all.
--   ->  one int
SELECT 1 AS one
