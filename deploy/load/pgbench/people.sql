-- Copies a person who signed up, with a session each, and a post of theirs: `people` copies, the first `authors` of
-- which have one post each. Whole rows are copied, so that new columns need no change here.
-- Ids are version 7 (RFC 9562): `prefix`, then 1 person, 2 session or 3 post, then the number.
CREATE FUNCTION pg_temp.id_of(prefix text, kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (prefix || '-7' || lpad(to_hex(kind), 3, '0') || '-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
BEGIN;
INSERT INTO users
    SELECT (jsonb_populate_record(u, jsonb_build_object(
        'id', pg_temp.id_of(:'prefix', 1, n), 'email', 'copy-' || n || '-' || :'prefix' || '@example.com'))).*
    FROM users u, generate_series(1, :people) AS n WHERE u.id = :'template';
INSERT INTO sessions
    SELECT (jsonb_populate_record(s, jsonb_build_object(
        'id', pg_temp.id_of(:'prefix', 2, n), 'user_id', pg_temp.id_of(:'prefix', 1, n)))).*
    FROM (SELECT * FROM sessions WHERE user_id = :'template' ORDER BY id LIMIT 1) s, generate_series(1, :people) AS n;
INSERT INTO notification_heads
    SELECT (jsonb_populate_record(h, jsonb_build_object('user_id', pg_temp.id_of(:'prefix', 1, n)))).*
    FROM notification_heads h, generate_series(1, :people) AS n WHERE h.user_id = :'template';
INSERT INTO posts
    SELECT (jsonb_populate_record(p, jsonb_build_object(
        'id', pg_temp.id_of(:'prefix', 3, n),
        'author_id', CASE WHEN :authors = 0 THEN p.author_id ELSE pg_temp.id_of(:'prefix', 1, 1 + n % GREATEST(:authors, 1)) END))).*
    FROM (SELECT * FROM posts WHERE author_id = :'template' ORDER BY id LIMIT 1) p, generate_series(1, :posts) AS n;
COMMIT;
ANALYZE;
