-- movies: the newest row of each film, and whether the film is still on the source list.
-- A run lists a film when it stored, quarantined or rejected it. A film has left the list when a later complete run
-- looked at least as deep as the film's last rank and did not list it. A run looks as deep as its top_n, or deeper if it
-- took films further down because entries above them could not be used.
-- rank is null for a film that has left, and where a film of a later run has the same rank: only the ties of one list
-- share a rank. That happens while a later run is incomplete, or when it quarantined or rejected the film.
-- The newest run wins; of several rows of one film and run (a Bronze object processed twice, or a part that compaction
-- has merged but not removed) the row made last. bronze_key ends the order, so that both engines choose the same row.
-- Nearly every film has one row in its newest run: only the others need a window function over whole rows, which is slow.
WITH listings AS (
    SELECT l.run_id, l.imdb_id, sum(l.stored) AS times, max(l.rank) AS rank
    FROM (
        SELECT s.run_id, s.imdb_id, 1 AS stored, s.rank
        FROM silver.movies AS s
        UNION ALL
        SELECT q.run_id, q.imdb_id, 0 AS stored, CAST(NULL AS INTEGER) AS rank
        FROM silver.quarantine AS q
        UNION ALL
        SELECT j.run_id, j.imdb_id, 0 AS stored, CAST(NULL AS INTEGER) AS rank
        FROM silver.rejected AS j
    ) AS l
    GROUP BY l.run_id, l.imdb_id
),
newest AS (
    SELECT
        l.imdb_id,
        max(l.run_id) AS listed_in,
        max(l.run_id) FILTER (WHERE l.times > 0) AS run_id,
        max_by(l.times, l.run_id) FILTER (WHERE l.times > 0) AS times,
        max_by(l.rank, l.run_id) FILTER (WHERE l.times > 0) AS rank
    FROM listings AS l
    GROUP BY l.imdb_id
),
runs AS (
    SELECT
        c.run_id,
        max(CASE WHEN c.films = r.expected THEN greatest(r.top_n, coalesce(c.lowest_rank, 0)) END)
            OVER (ORDER BY c.run_id ROWS BETWEEN 1 FOLLOWING AND UNBOUNDED FOLLOWING) AS later_depth
    FROM (
        SELECT l.run_id, count(*) AS films, max(l.rank) AS lowest_rank
        FROM listings AS l
        GROUP BY l.run_id
    ) AS c
    LEFT JOIN silver.runs AS r ON r.run_id = c.run_id
),
films AS (
    SELECT
        f.imdb_id,
        f.run_id,
        f.times,
        f.on_list,
        f.on_list AND f.run_id = max(f.run_id) OVER (PARTITION BY f.on_list, f.rank) AS has_rank
    FROM (
        SELECT n.imdb_id, n.run_id, n.times, n.rank, coalesce(r.later_depth < n.rank, TRUE) AS on_list
        FROM newest AS n
        JOIN runs AS r ON r.run_id = n.listed_in
        WHERE n.run_id IS NOT NULL
    ) AS f
)
SELECT
    {columns}
FROM (
    SELECT s.*, n.on_list, n.has_rank, 1 AS recency
    FROM silver.movies AS s
    JOIN films AS n ON n.imdb_id = s.imdb_id AND n.run_id = s.run_id
    WHERE n.times = 1
    UNION ALL
    SELECT
        s.*,
        n.on_list,
        n.has_rank,
        row_number() OVER (PARTITION BY s.imdb_id ORDER BY s.processed_at DESC, s.bronze_key DESC) AS recency
    FROM silver.movies AS s
    JOIN films AS n ON n.imdb_id = s.imdb_id AND n.run_id = s.run_id
    WHERE n.times > 1
) AS f
WHERE f.recency = 1
