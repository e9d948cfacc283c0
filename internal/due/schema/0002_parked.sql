-- What was set aside is counted every few seconds, for the alarms, beside any number of items that wait for their day.
CREATE INDEX due_parked ON due(kind, due_at) WHERE state = 'parked';
