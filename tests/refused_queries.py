"""Queries that do more than read a table, by kind: each must be refused, with a reason."""

from __future__ import annotations

REFUSED: dict[str, list[str]] = {
    "writing": [
        "DROP TABLE movies", "DELETE FROM movies", "UPDATE movies SET title = ''",
        "INSERT INTO movies SELECT * FROM movies",
        "CREATE TABLE x AS SELECT 1", "CREATE VIEW x AS SELECT 1", "CREATE TEMP TABLE x AS SELECT 1", "TRUNCATE movies",
        "ALTER TABLE movies ADD COLUMN x INT", "CREATE SCHEMA x", "CREATE MACRO x() AS 1", "CREATE SEQUENCE x",
        "MERGE INTO movies USING movies AS m ON false WHEN NOT MATCHED THEN INSERT BY NAME", "VACUUM", "CHECKPOINT",
        "WITH x AS (DELETE FROM movies RETURNING *) SELECT * FROM x",
        "WITH x AS (INSERT INTO movies SELECT * FROM movies RETURNING *) SELECT * FROM x",
        "FROM query('DROP TABLE movies')", "COMMENT ON TABLE movies IS 'x'", "CREATE INDEX i ON movies (imdb_id)",
    ],
    "files": [
        "COPY movies TO '/tmp/x.csv'", "COPY movies FROM '/etc/passwd'", "EXPORT DATABASE '/tmp/x'",
        "IMPORT DATABASE '/tmp/x'", "FROM read_csv('/etc/passwd')", "FROM read_text('/etc/passwd')",
        "FROM read_blob('/etc/shadow')", "FROM read_parquet('/tmp/*')", "FROM read_json('/tmp/x.json')",
        "FROM '/etc/passwd'", "FROM '/tmp/x.parquet'", "FROM glob('/*')", "FROM parquet_metadata('/tmp/x')",
        "FROM sniff_csv('/etc/passwd')", "FROM read_csv('https://example.com/x.csv')", "FROM 's3://gold/movies.parquet'",
        "FROM read_parquet('s3://gold/movies/movies.parquet')",
    ],
    "databases, extensions and settings": [
        "ATTACH '/tmp/x.db'", "ATTACH ':memory:' AS other", "DETACH memory", "USE silver",
        "INSTALL httpfs", "LOAD httpfs",
        "FORCE INSTALL sqlite", "SET threads = 1", "SET GLOBAL memory_limit = '100GB'", "RESET memory_limit",
        "SET enable_external_access = true", "SET lock_configuration = false", "PRAGMA enable_profiling",
        "CALL enable_logging()", "FROM enable_profiling()", "CREATE SECRET x (TYPE s3)", "FROM duckdb_secrets()",
    ],
    "the environment": [
        "SELECT getenv('HOME')", "SELECT getenv('AWS_SECRET_ACCESS_KEY')", "FROM read_text('/proc/self/environ')",
        "FROM '/proc/self/environ'", "FROM planted",
    ],
    "other than one statement": [
        "SELECT 1; SELECT 2", "SELECT 1; DROP TABLE movies", "BEGIN; DROP TABLE movies; COMMIT", "COMMIT", "ROLLBACK",
        "",
        "-- nothing", "EXPLAIN ANALYZE SELECT 1", "PREPARE x AS SELECT 1", "EXECUTE x", "SELEKT 1",
    ],
}  # fmt: skip
