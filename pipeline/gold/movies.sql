-- movies: the newest row of each film.
-- Newest is of the newest run; of several rows of one film and run (a Bronze object processed twice) the last made.
-- bronze_key ends the order, so that every engine chooses the same row.
-- Nearly every film has one row in its newest run, so that only the few others need a window, which is slow.
WITH newest AS (
    SELECT s.imdb_id, max(s.run_id) AS run_id
    FROM silver.movies AS s
    GROUP BY s.imdb_id
),
latest AS (
    SELECT s.imdb_id, s.run_id, max(s.processed_at) AS processed_at, count(*) AS times
    FROM silver.movies AS s
    JOIN newest AS n ON n.imdb_id = s.imdb_id AND n.run_id = s.run_id
    GROUP BY s.imdb_id, s.run_id
)
SELECT
    f.imdb_id,
    f.title,
    f.year,
    f.year - f.year % 10 AS decade,
    f.type,
    f.rated,
    f.released,
    f.runtime_minutes,
    f.genres,
    f.directors,
    f.writers,
    f.actors,
    f.languages,
    f.countries,
    f.plot,
    f.awards,
    f.poster,
    f.production,
    f.imdb_rating,
    f.imdb_votes,
    f.metascore,
    f.rotten_tomatoes,
    f.rotten_tomatoes_average,
    f.rotten_tomatoes_reviews,
    f.box_office_usd,
    f.rank,
    f.source_rating,
    f.source_rating_count,
    f.unreadable,
    f.run_id,
    f.bronze_key,
    f.bronze_version,
    f.fetched_at,
    f.processed_at,
    f.code_version
FROM (
    SELECT
        s.imdb_id,
        s.title,
        s.year,
        s.type,
        s.rated,
        s.released,
        s.runtime_minutes,
        s.genres,
        s.directors,
        s.writers,
        s.actors,
        s.languages,
        s.countries,
        s.plot,
        s.awards,
        s.poster,
        s.production,
        s.imdb_rating,
        s.imdb_votes,
        s.metascore,
        s.rotten_tomatoes,
        s.rotten_tomatoes_average,
        s.rotten_tomatoes_reviews,
        s.box_office_usd,
        s.rank,
        s.source_rating,
        s.source_rating_count,
        s.unreadable,
        s.run_id,
        s.bronze_key,
        s.bronze_version,
        s.fetched_at,
        s.processed_at,
        s.code_version
    FROM silver.movies AS s
    JOIN latest AS l ON l.imdb_id = s.imdb_id AND l.run_id = s.run_id
    WHERE l.times = 1
    UNION ALL
    SELECT
        m.imdb_id,
        m.title,
        m.year,
        m.type,
        m.rated,
        m.released,
        m.runtime_minutes,
        m.genres,
        m.directors,
        m.writers,
        m.actors,
        m.languages,
        m.countries,
        m.plot,
        m.awards,
        m.poster,
        m.production,
        m.imdb_rating,
        m.imdb_votes,
        m.metascore,
        m.rotten_tomatoes,
        m.rotten_tomatoes_average,
        m.rotten_tomatoes_reviews,
        m.box_office_usd,
        m.rank,
        m.source_rating,
        m.source_rating_count,
        m.unreadable,
        m.run_id,
        m.bronze_key,
        m.bronze_version,
        m.fetched_at,
        m.processed_at,
        m.code_version
    FROM (
        SELECT
            s.imdb_id,
            s.title,
            s.year,
            s.type,
            s.rated,
            s.released,
            s.runtime_minutes,
            s.genres,
            s.directors,
            s.writers,
            s.actors,
            s.languages,
            s.countries,
            s.plot,
            s.awards,
            s.poster,
            s.production,
            s.imdb_rating,
            s.imdb_votes,
            s.metascore,
            s.rotten_tomatoes,
            s.rotten_tomatoes_average,
            s.rotten_tomatoes_reviews,
            s.box_office_usd,
            s.rank,
            s.source_rating,
            s.source_rating_count,
            s.unreadable,
            s.run_id,
            s.bronze_key,
            s.bronze_version,
            s.fetched_at,
            s.processed_at,
            s.code_version,
            row_number() OVER (PARTITION BY s.imdb_id ORDER BY s.bronze_key DESC) AS place
        FROM silver.movies AS s
        JOIN latest AS l ON l.imdb_id = s.imdb_id AND l.run_id = s.run_id AND l.processed_at = s.processed_at
        WHERE l.times > 1
    ) AS m
    WHERE m.place = 1
) AS f
ORDER BY f.rank, f.imdb_id
