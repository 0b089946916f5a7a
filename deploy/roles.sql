-- Accounts and database of OrGo on PostgreSQL, made once by a superuser, before the first `migrations up`:
--
--   psql --dbname postgres --file deploy/roles.sql \
--     --set owner_password=… --set application_password=… --set gateway_password=…
--
-- One statement a line. It can be run again, to add an account that is missing or to change a password; the creation of
-- a database that exists is then refused, which is harmless.

-- Owns the schema and runs the migrations.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orgo_owner') THEN CREATE ROLE orgo_owner; END IF; END $$;
ALTER ROLE orgo_owner LOGIN PASSWORD :'owner_password';

-- Runs api-service: reads and writes rows.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orgo_app') THEN CREATE ROLE orgo_app; END IF; END $$;
ALTER ROLE orgo_app LOGIN PASSWORD :'application_password';

-- Runs realtime-gateway. `migrations up` grants it the few columns it needs, and nothing from which a session could be
-- made; `migrations grants` does so for a role that was added later.
DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'orgo_gateway') THEN CREATE ROLE orgo_gateway; END IF; END $$;
ALTER ROLE orgo_gateway LOGIN PASSWORD :'gateway_password';

CREATE DATABASE orgo OWNER orgo_owner;
REVOKE ALL ON DATABASE orgo FROM PUBLIC;
GRANT CONNECT ON DATABASE orgo TO orgo_app, orgo_gateway;

\connect orgo
ALTER SCHEMA public OWNER TO orgo_owner;
REVOKE ALL ON SCHEMA public FROM PUBLIC;
GRANT USAGE ON SCHEMA public TO orgo_app, orgo_gateway;
ALTER DEFAULT PRIVILEGES FOR ROLE orgo_owner IN SCHEMA public GRANT SELECT, INSERT, UPDATE, DELETE ON TABLES TO orgo_app;
ALTER DEFAULT PRIVILEGES FOR ROLE orgo_owner IN SCHEMA public GRANT USAGE, SELECT ON SEQUENCES TO orgo_app;
