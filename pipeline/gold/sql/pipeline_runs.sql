-- pipeline_runs: the films that each run expected, by outcome.
-- A film has one outcome: a row in Silver takes precedence over quarantine, and both over a rejection.
WITH outcomes AS (
    SELECT
        o.run_id,
        o.imdb_id,
        min(o.outcome) AS outcome,
        max(o.processed_at) AS processed_at
    FROM (
        SELECT s.run_id, s.imdb_id, '1 silver' AS outcome, s.processed_at
        FROM silver.movies AS s
        UNION ALL
        SELECT q.run_id, q.imdb_id, '2 quarantined' AS outcome, q.processed_at
        FROM silver.quarantine AS q
        UNION ALL
        SELECT j.run_id, j.imdb_id, '3 rejected' AS outcome, j.processed_at
        FROM silver.rejected AS j
    ) AS o
    GROUP BY o.run_id, o.imdb_id
),
counts AS (
    SELECT
        c.run_id,
        count(*) AS settled,
        sum(CASE WHEN c.outcome = '2 quarantined' THEN 1 ELSE 0 END) AS quarantined,
        sum(CASE WHEN c.outcome = '3 rejected' THEN 1 ELSE 0 END) AS rejected,
        max(c.processed_at) AS finished_at
    FROM outcomes AS c
    GROUP BY c.run_id
),
newest AS (
    SELECT m.run_id, count(*) AS in_gold
    FROM gold.movies AS m
    GROUP BY m.run_id
)
SELECT
    r.run_id,
    r.started_at,
    c.finished_at,
    CAST(r.expected AS BIGINT) AS expected,
    CAST(coalesce(c.settled - c.rejected, 0) AS BIGINT) AS stored,
    CAST(coalesce(c.rejected, 0) AS BIGINT) AS rejected,
    CAST(coalesce(c.quarantined, 0) AS BIGINT) AS quarantined,
    coalesce(n.in_gold, 0) AS in_gold,
    CASE WHEN coalesce(c.settled, 0) = r.expected THEN 'complete' ELSE 'incomplete' END AS status
FROM silver.runs AS r
LEFT JOIN counts AS c ON c.run_id = r.run_id
LEFT JOIN newest AS n ON n.run_id = r.run_id
ORDER BY r.run_id
