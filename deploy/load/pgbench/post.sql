-- A new post with its event, in seven statements.
\set person random(1, :people)
\set id random(1000000, 9000000000000000)
\set part :person % 16
SELECT s.user_id, p.nickname FROM baseline.sessions s JOIN baseline.people p ON p.id = s.user_id
    WHERE s.id = :person AND s.revoked_at IS NULL;
BEGIN;
UPDATE baseline.people SET posts_count = posts_count + 1 WHERE id = :person;
INSERT INTO baseline.posts VALUES (:id, :person, 'Title', repeat('x', 60), 0, 0, 1);
SELECT nickname FROM baseline.people WHERE id = :person;
WITH head AS (UPDATE baseline.stream_heads SET pos = pos + 1 WHERE part = :part RETURNING pos)
    INSERT INTO baseline.outbox
    SELECT CAST(:part AS bigint), pos, 'feed:' || :person, 'post.created', repeat('x', 250), 1 FROM head;
COMMIT;
