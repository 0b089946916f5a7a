-- A commit and nothing else: the ceiling of every write.
INSERT INTO baseline.commits (at) VALUES (1);
