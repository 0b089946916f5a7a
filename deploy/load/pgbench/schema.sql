-- Tables of its own for the comparison: the same work as OrGo's, in a form that does not change with OrGo's schema.
-- Run as superuser with -v people=… -v posts=…; safe to run again.
DROP SCHEMA IF EXISTS baseline CASCADE;
CREATE SCHEMA baseline;
SET search_path TO baseline;

CREATE TABLE commits (id bigserial PRIMARY KEY, at bigint NOT NULL);

CREATE TABLE people (id bigint PRIMARY KEY, nickname text NOT NULL, posts_count bigint NOT NULL DEFAULT 0);
CREATE TABLE sessions (
    id bigint PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES people,
    revoked_at bigint
);
CREATE TABLE posts (
    id bigint PRIMARY KEY,
    author_id bigint NOT NULL REFERENCES people,
    title text NOT NULL,
    content text NOT NULL,
    likes_count bigint NOT NULL DEFAULT 0,
    comments_count bigint NOT NULL DEFAULT 0,
    created_at bigint NOT NULL
);
CREATE INDEX posts_author ON posts (author_id, id);
CREATE TABLE post_likes (
    id uuid PRIMARY KEY,
    post_id bigint NOT NULL REFERENCES posts,
    user_id bigint NOT NULL REFERENCES people,
    created_at bigint NOT NULL
);
CREATE UNIQUE INDEX post_likes_one_a_person ON post_likes (post_id, user_id);
CREATE INDEX post_likes_post ON post_likes (post_id, id);
CREATE INDEX post_likes_user ON post_likes (user_id);
CREATE TABLE comments (
    id uuid PRIMARY KEY,
    post_id bigint NOT NULL REFERENCES posts,
    author_id bigint NOT NULL REFERENCES people,
    content text NOT NULL,
    created_at bigint NOT NULL
);
CREATE INDEX comments_post ON comments (post_id, id);
CREATE INDEX comments_author ON comments (author_id);
CREATE TABLE notification_heads (user_id bigint PRIMARY KEY REFERENCES people, seq bigint NOT NULL);
CREATE TABLE notifications (
    id uuid PRIMARY KEY,
    user_id bigint NOT NULL REFERENCES people,
    type text NOT NULL,
    group_key text NOT NULL,
    target_id bigint NOT NULL,
    actor_count bigint NOT NULL,
    read_at bigint,
    created_at bigint NOT NULL,
    updated_at bigint NOT NULL
);
CREATE UNIQUE INDEX notifications_unread_group ON notifications (user_id, group_key) WHERE read_at IS NULL;
CREATE INDEX notifications_user ON notifications (user_id, updated_at, id);
CREATE TABLE notification_actors (
    user_id bigint NOT NULL,
    group_key text NOT NULL,
    actor_id bigint NOT NULL REFERENCES people,
    created_at bigint NOT NULL,
    PRIMARY KEY (user_id, group_key, actor_id)
);
CREATE INDEX notification_actors_actor ON notification_actors (actor_id);
CREATE TABLE stream_heads (part bigint PRIMARY KEY, pos bigint NOT NULL) WITH (fillfactor = 10);
CREATE TABLE outbox (
    part bigint NOT NULL,
    pos bigint NOT NULL,
    audience text NOT NULL,
    kind text NOT NULL,
    frame text NOT NULL,
    recorded_at bigint NOT NULL,
    PRIMARY KEY (part, pos)
);
CREATE INDEX outbox_recorded_at ON outbox (recorded_at);
CREATE INDEX outbox_part_audience_pos ON outbox (part, audience, pos);

INSERT INTO people SELECT n, 'person ' || n FROM generate_series(1, :people) AS n;
INSERT INTO sessions SELECT n, n FROM generate_series(1, :people) AS n;
INSERT INTO posts
    SELECT n, 1 + n % :people, 'Post ' || n, repeat('x', 200), 0, 0, 0 FROM generate_series(1, :posts) AS n;
INSERT INTO notification_heads SELECT n, 0 FROM generate_series(1, :people) AS n;
INSERT INTO stream_heads SELECT n, 0 FROM generate_series(0, 31) AS n;
ANALYZE;
