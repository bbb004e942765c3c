-- data_quality: completeness and plausibility of each column of movies, over the films on the list.
-- out_of_range is 0 unless Silver missed a value that it should have quarantined.
WITH counts AS (
    {counts}
),
unreadable AS (
    SELECT split_part(t.fault, ':', 1) AS column_name, count(DISTINCT m.imdb_id) AS films
    FROM gold.movies AS m
    CROSS JOIN UNNEST(m.unreadable) AS t(fault)
    WHERE m.on_list
    GROUP BY split_part(t.fault, ':', 1)
)
SELECT
    c.column_name,
    c.films AS rows,
    c.filled,
    CAST(c.filled AS DOUBLE) / nullif(c.films, 0) AS filled_share,
    coalesce(u.films, 0) AS unreadable,
    c.out_of_range
FROM counts AS c
LEFT JOIN unreadable AS u ON u.column_name = c.column_name
ORDER BY c.position
