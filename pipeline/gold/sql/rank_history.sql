-- rank_history: rank of each film in each run, and its move since the run before it.
-- A film that was not in the run before has no previous_rank: it may be new, or that run took fewer films.
-- Of several rows of one film and run the newest counts; these are few, and only they need a window function.
-- Sorted by film, so that ids and titles compress well: the table grows every day, and each build stores all of it.
WITH several AS (
    SELECT s.run_id, s.imdb_id
    FROM silver.movies AS s
    GROUP BY s.run_id, s.imdb_id
    HAVING count(*) > 1
),
ranked AS (
    SELECT s.run_id, s.imdb_id, s.title, s.rank
    FROM silver.movies AS s
    WHERE NOT EXISTS (SELECT 1 FROM several AS v WHERE v.run_id = s.run_id AND v.imdb_id = s.imdb_id)
    UNION ALL
    SELECT l.run_id, l.imdb_id, l.title, l.rank
    FROM (
        SELECT
            s.run_id,
            s.imdb_id,
            s.title,
            s.rank,
            row_number() OVER (
                PARTITION BY s.run_id, s.imdb_id ORDER BY s.processed_at DESC, s.bronze_key DESC
            ) AS recency
        FROM silver.movies AS s
        JOIN several AS v ON v.run_id = s.run_id AND v.imdb_id = s.imdb_id
    ) AS l
    WHERE l.recency = 1
),
runs AS (
    SELECT d.run_id, lag(d.run_id) OVER (ORDER BY d.run_id) AS previous_run_id
    FROM (SELECT DISTINCT s.run_id FROM silver.movies AS s) AS d
)
SELECT
    n.run_id,
    n.imdb_id,
    n.title,
    n.rank,
    r.previous_run_id,
    p.rank AS previous_rank,
    p.rank - n.rank AS change
FROM ranked AS n
JOIN runs AS r ON r.run_id = n.run_id
LEFT JOIN ranked AS p ON p.run_id = r.previous_run_id AND p.imdb_id = n.imdb_id
ORDER BY n.imdb_id, n.run_id
