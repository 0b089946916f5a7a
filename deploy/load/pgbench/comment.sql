-- A comment with its notification and its event, in ten statements.
\set person random(1, :people)
\set post random(1, :posts)
\set part (1 + :post % :people) % 16
SELECT s.user_id, p.nickname FROM baseline.sessions s JOIN baseline.people p ON p.id = s.user_id
    WHERE s.id = :person AND s.revoked_at IS NULL;
BEGIN;
UPDATE baseline.posts SET comments_count = comments_count + 1 WHERE id = :post RETURNING author_id AS author \gset
INSERT INTO baseline.comments VALUES (gen_random_uuid(), :post, :person, repeat('x', 60), 1);
UPDATE baseline.notification_heads SET seq = seq + 1 WHERE user_id = :author;
INSERT INTO baseline.notification_actors VALUES (:author, 'post_commented:' || :post, :person, 1)
    ON CONFLICT DO NOTHING;
INSERT INTO baseline.notifications AS n
    VALUES (gen_random_uuid(), :author, 'post_commented', 'post_commented:' || :post, :post, 1, NULL, 1, 1)
    ON CONFLICT (user_id, group_key) WHERE read_at IS NULL
    DO UPDATE SET actor_count = n.actor_count + 1, updated_at = 1;
SELECT nickname FROM baseline.people WHERE id = :person;
WITH head AS (UPDATE baseline.stream_heads SET pos = pos + 2 WHERE part = :part RETURNING pos)
    INSERT INTO baseline.outbox
    SELECT CAST(:part AS bigint), pos - 1, 'post:' || :post, 'comment.created', repeat('x', 250), 1 FROM head
    UNION ALL SELECT CAST(:part AS bigint), pos, 'user:' || :author, 'notification', repeat('x', 600), 1 FROM head;
COMMIT;
