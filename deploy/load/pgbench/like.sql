-- A like with its notification and its event, in ten statements.
\set person random(1, :people)
\set post random(1, :posts)
\set part (1 + :post % :people) % 16
SELECT s.user_id, p.nickname FROM baseline.sessions s JOIN baseline.people p ON p.id = s.user_id
    WHERE s.id = :person AND s.revoked_at IS NULL;
BEGIN;
SELECT author_id AS author FROM baseline.posts WHERE id = :post FOR UPDATE \gset
INSERT INTO baseline.post_likes VALUES (gen_random_uuid(), :post, :person, 1) ON CONFLICT DO NOTHING;
UPDATE baseline.posts SET likes_count = likes_count + 1 WHERE id = :post;
UPDATE baseline.notification_heads SET seq = seq + 1 WHERE user_id = :author;
INSERT INTO baseline.notification_actors VALUES (:author, 'post_liked:' || :post, :person, 1) ON CONFLICT DO NOTHING;
INSERT INTO baseline.notifications AS n
    VALUES (gen_random_uuid(), :author, 'post_liked', 'post_liked:' || :post, :post, 1, NULL, 1, 1)
    ON CONFLICT (user_id, group_key) WHERE read_at IS NULL
    DO UPDATE SET actor_count = n.actor_count + 1, updated_at = 1;
WITH head AS (UPDATE baseline.stream_heads SET pos = pos + 2 WHERE part = :part RETURNING pos)
    INSERT INTO baseline.outbox
    SELECT CAST(:part AS bigint), pos - 1, 'post:' || :post, 'post.liked', repeat('x', 200), 1 FROM head
    UNION ALL SELECT CAST(:part AS bigint), pos, 'user:' || :author, 'notification', repeat('x', 600), 1 FROM head;
COMMIT;
