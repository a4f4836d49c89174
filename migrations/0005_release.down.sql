DROP TABLE outbox, log_record, log_entry, release, signing_key;
