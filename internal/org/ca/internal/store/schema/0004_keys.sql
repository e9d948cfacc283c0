-- Whether a key is a responder's is asked for each application, whichever CA it answers for.
CREATE INDEX responder_held ON responder(key_hash);
