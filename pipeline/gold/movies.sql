-- movies: the newest row of each film.
-- The newest run wins; of several rows of one film and run (a Bronze object processed twice, or a part that compaction
-- has merged but not removed) the row made last. bronze_key ends the order, so that both engines choose the same row.
-- Nearly every film has one row in its newest run: only the others need a window function, which is slow.
WITH newest AS (
    SELECT c.imdb_id, max(c.run_id) AS run_id, max_by(c.times, c.run_id) AS times
    FROM (
        SELECT s.imdb_id, s.run_id, count(*) AS times
        FROM silver.movies AS s
        GROUP BY s.imdb_id, s.run_id
    ) AS c
    GROUP BY c.imdb_id
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
    SELECT s.*, 1 AS place
    FROM silver.movies AS s
    JOIN newest AS n ON n.imdb_id = s.imdb_id AND n.run_id = s.run_id
    WHERE n.times = 1
    UNION ALL
    SELECT s.*, row_number() OVER (PARTITION BY s.imdb_id ORDER BY s.processed_at DESC, s.bronze_key DESC) AS place
    FROM silver.movies AS s
    JOIN newest AS n ON n.imdb_id = s.imdb_id AND n.run_id = s.run_id
    WHERE n.times > 1
) AS f
WHERE f.place = 1
