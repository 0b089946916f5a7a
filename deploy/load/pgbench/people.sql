-- Copies a person who signed up, with a session each, and their post. Of the copies of the post, as many as there
-- are `authors` belong to one copied person each, round and round; with no authors, all belong to the one who signed up.
-- Whole rows are copied, so that new columns need no change here.
-- Ids are version 7 (RFC 9562): `prefix`, then 1 person, 2 session or 3 post, then the number.
CREATE FUNCTION pg_temp.id_of(prefix text, kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (prefix || '-7' || lpad(to_hex(kind), 3, '0') || '-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
BEGIN;
INSERT INTO users
    SELECT copy.*
    FROM (SELECT * FROM users WHERE id = :'template') AS original,
        generate_series(1, :people) AS n,
        jsonb_populate_record(NULL::users, to_jsonb(original) || jsonb_build_object(
            'id', pg_temp.id_of(:'prefix', 1, n), 'email', 'copy-' || n || '-' || :'prefix' || '@example.com')) AS copy;
INSERT INTO sessions
    SELECT copy.*
    FROM (SELECT * FROM sessions WHERE user_id = :'template' ORDER BY id LIMIT 1) AS original,
        generate_series(1, :people) AS n,
        jsonb_populate_record(NULL::sessions, to_jsonb(original) || jsonb_build_object(
            'id', pg_temp.id_of(:'prefix', 2, n), 'user_id', pg_temp.id_of(:'prefix', 1, n))) AS copy;
INSERT INTO notification_heads
    SELECT copy.*
    FROM (SELECT * FROM notification_heads WHERE user_id = :'template') AS original,
        generate_series(1, :people) AS n,
        jsonb_populate_record(NULL::notification_heads, to_jsonb(original) || jsonb_build_object(
            'user_id', pg_temp.id_of(:'prefix', 1, n))) AS copy;
INSERT INTO posts
    SELECT copy.*
    FROM (SELECT * FROM posts WHERE author_id = :'template' ORDER BY id LIMIT 1) AS original,
        generate_series(1, :posts) AS n,
        jsonb_populate_record(NULL::posts, to_jsonb(original) || jsonb_build_object(
            'id', pg_temp.id_of(:'prefix', 3, n), 'author_id', CASE WHEN :authors = 0 THEN original.author_id
                ELSE pg_temp.id_of(:'prefix', 1, 1 + n % GREATEST(:authors, 1)) END)) AS copy;
COMMIT;
VACUUM ANALYZE;
