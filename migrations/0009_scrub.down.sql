-- 0009_scrub: a round begins again from the start.
DROP INDEX content_quarantined;
DROP TABLE scrub;
