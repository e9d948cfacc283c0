-- Finds the other keys of a message of which nothing is left but its row.
CREATE INDEX x_out_more_place ON x_out_more(peer, epoch, seq);
