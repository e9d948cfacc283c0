-- What one person found out about a move that no message will end, until another confirms it.
CREATE TABLE move_closing(
  move TEXT NOT NULL PRIMARY KEY,
  state TEXT NOT NULL,                 -- of the move when it was found out: what a message has changed since is found out anew
  text TEXT NOT NULL,
  by_person TEXT NOT NULL,
  at BIGINT NOT NULL
);
