-- Copies the one like of a post, and its actor in the author's notification, for every copied person from number
-- `first` to `last`: the post then has that many likers, and its author has read of none of them.
CREATE FUNCTION pg_temp.id_of(prefix text, kind integer, number bigint) RETURNS uuid LANGUAGE sql IMMUTABLE AS
    $$ SELECT (prefix || '-7' || lpad(to_hex(kind), 3, '0') || '-8000-' || lpad(to_hex(number), 12, '0'))::uuid $$;
BEGIN;
INSERT INTO post_likes
    SELECT copy.*
    FROM (SELECT * FROM post_likes WHERE post_id = :'post' LIMIT 1) AS original,
        generate_series(:first, :last) AS n,
        jsonb_populate_record(NULL::post_likes, to_jsonb(original) || jsonb_build_object(
            'id', pg_temp.id_of(:'prefix', 4, n), 'user_id', pg_temp.id_of(:'prefix', 1, n))) AS copy;
INSERT INTO notification_actors
    SELECT copy.*
    FROM (SELECT a.* FROM notification_actors a JOIN notifications t ON t.id = a.notification_id
        WHERE t.target_id = :'post' LIMIT 1) AS original,
        generate_series(:first, :last) AS n,
        jsonb_populate_record(NULL::notification_actors, to_jsonb(original) || jsonb_build_object(
            'actor_id', pg_temp.id_of(:'prefix', 1, n))) AS copy;
UPDATE posts SET likes_count = likes_count + (:last - :first + 1) WHERE id = :'post';
UPDATE notifications SET actor_count = actor_count + (:last - :first + 1) WHERE target_id = :'post';
COMMIT;
VACUUM ANALYZE;
