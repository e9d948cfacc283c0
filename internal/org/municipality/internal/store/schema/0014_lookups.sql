-- What is looked up without an index so far: the family of a move and the moves that were closed last, and the renaming that gave a town its name.
CREATE INDEX move_out_family ON move_out(family);
CREATE INDEX move_out_settled ON move_out(settled_at) WHERE settled_at <> 0;
CREATE INDEX move_in_settled ON move_in(settled_at) WHERE settled_at <> 0;
CREATE INDEX town_rename_new ON town_rename(municipality, new_name);
