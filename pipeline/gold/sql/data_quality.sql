-- data_quality: completeness and plausibility of each column of movies, over the films on the list.
-- out_of_range is 0 unless Silver missed a value that it should have quarantined.
-- All columns are counted in one pass, into arrays by the column's position.
WITH counts AS (
    SELECT
        count(*) AS films,
        ARRAY[{filled}] AS filled,
        ARRAY[{out_of_range}] AS out_of_range
    FROM gold.movies AS m
    WHERE m.on_list
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
    n.films AS rows,
    element_at(n.filled, c.position) AS filled,
    CAST(element_at(n.filled, c.position) AS DOUBLE) / nullif(n.films, 0) AS filled_share,
    coalesce(u.films, 0) AS unreadable,
    element_at(n.out_of_range, c.position) AS out_of_range
FROM (VALUES {columns}) AS c(position, column_name)
CROSS JOIN counts AS n
LEFT JOIN unreadable AS u ON u.column_name = c.column_name
ORDER BY c.position
