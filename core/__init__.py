"""What every other package stands on: settings, database, clock, text, inbox, outbox, logs."""
