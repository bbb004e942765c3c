-- data_quality: how complete and plausible each column of movies is.
-- out_of_range is 0 unless Silver let a value through that it should have quarantined.
WITH filled AS (
    SELECT t.column_name, count(*) AS films
    FROM gold.movies AS m
    CROSS JOIN UNNEST(ARRAY[
        CASE WHEN m.title IS NOT NULL THEN 'title' END,
        CASE WHEN m.year IS NOT NULL THEN 'year' END,
        CASE WHEN m.type IS NOT NULL THEN 'type' END,
        CASE WHEN m.rated IS NOT NULL THEN 'rated' END,
        CASE WHEN m.released IS NOT NULL THEN 'released' END,
        CASE WHEN m.runtime_minutes IS NOT NULL THEN 'runtime_minutes' END,
        CASE WHEN m.genres IS NOT NULL THEN 'genres' END,
        CASE WHEN m.directors IS NOT NULL THEN 'directors' END,
        CASE WHEN m.writers IS NOT NULL THEN 'writers' END,
        CASE WHEN m.actors IS NOT NULL THEN 'actors' END,
        CASE WHEN m.languages IS NOT NULL THEN 'languages' END,
        CASE WHEN m.countries IS NOT NULL THEN 'countries' END,
        CASE WHEN m.plot IS NOT NULL THEN 'plot' END,
        CASE WHEN m.awards IS NOT NULL THEN 'awards' END,
        CASE WHEN m.poster IS NOT NULL THEN 'poster' END,
        CASE WHEN m.production IS NOT NULL THEN 'production' END,
        CASE WHEN m.imdb_rating IS NOT NULL THEN 'imdb_rating' END,
        CASE WHEN m.imdb_votes IS NOT NULL THEN 'imdb_votes' END,
        CASE WHEN m.metascore IS NOT NULL THEN 'metascore' END,
        CASE WHEN m.rotten_tomatoes IS NOT NULL THEN 'rotten_tomatoes' END,
        CASE WHEN m.rotten_tomatoes_average IS NOT NULL THEN 'rotten_tomatoes_average' END,
        CASE WHEN m.rotten_tomatoes_reviews IS NOT NULL THEN 'rotten_tomatoes_reviews' END,
        CASE WHEN m.box_office_usd IS NOT NULL THEN 'box_office_usd' END,
        CASE WHEN m.rank IS NOT NULL THEN 'rank' END,
        CASE WHEN m.source_rating IS NOT NULL THEN 'source_rating' END,
        CASE WHEN m.source_rating_count IS NOT NULL THEN 'source_rating_count' END
    ]) AS t(column_name)
    GROUP BY t.column_name
),
out_of_range AS (
    SELECT t.column_name, count(*) AS films
    FROM gold.movies AS m
    CROSS JOIN UNNEST(ARRAY[
        CASE WHEN m.year < 1870 THEN 'year' END,
        CASE WHEN m.runtime_minutes < 1 THEN 'runtime_minutes' END,
        CASE WHEN m.imdb_rating < 0 OR m.imdb_rating > 10 THEN 'imdb_rating' END,
        CASE WHEN m.imdb_votes < 0 THEN 'imdb_votes' END,
        CASE WHEN m.metascore < 0 OR m.metascore > 100 THEN 'metascore' END,
        CASE WHEN m.rotten_tomatoes < 0 OR m.rotten_tomatoes > 100 THEN 'rotten_tomatoes' END,
        CASE WHEN m.rotten_tomatoes_average < 0 OR m.rotten_tomatoes_average > 10 THEN 'rotten_tomatoes_average' END,
        CASE WHEN m.rotten_tomatoes_reviews < 0 THEN 'rotten_tomatoes_reviews' END,
        CASE WHEN m.box_office_usd < 0 THEN 'box_office_usd' END,
        CASE WHEN m.rank < 1 THEN 'rank' END,
        CASE WHEN m.source_rating < 0 OR m.source_rating > 10 THEN 'source_rating' END,
        CASE WHEN m.source_rating_count < 0 THEN 'source_rating_count' END
    ]) AS t(column_name)
    GROUP BY t.column_name
),
unreadable AS (
    SELECT split_part(t.fault, ':', 1) AS column_name, count(DISTINCT m.imdb_id) AS films
    FROM gold.movies AS m
    CROSS JOIN UNNEST(m.unreadable) AS t(fault)
    GROUP BY split_part(t.fault, ':', 1)
),
total AS (
    SELECT count(*) AS films
    FROM gold.movies AS m
)
SELECT
    c.column_name,
    n.films AS rows,
    coalesce(f.films, 0) AS filled,
    CAST(coalesce(f.films, 0) AS DOUBLE) / nullif(n.films, 0) AS filled_share,
    coalesce(u.films, 0) AS unreadable,
    coalesce(o.films, 0) AS out_of_range
FROM (
    VALUES
        (1, 'title'),
        (2, 'year'),
        (3, 'type'),
        (4, 'rated'),
        (5, 'released'),
        (6, 'runtime_minutes'),
        (7, 'genres'),
        (8, 'directors'),
        (9, 'writers'),
        (10, 'actors'),
        (11, 'languages'),
        (12, 'countries'),
        (13, 'plot'),
        (14, 'awards'),
        (15, 'poster'),
        (16, 'production'),
        (17, 'imdb_rating'),
        (18, 'imdb_votes'),
        (19, 'metascore'),
        (20, 'rotten_tomatoes'),
        (21, 'rotten_tomatoes_average'),
        (22, 'rotten_tomatoes_reviews'),
        (23, 'box_office_usd'),
        (24, 'rank'),
        (25, 'source_rating'),
        (26, 'source_rating_count')
) AS c(position, column_name)
CROSS JOIN total AS n
LEFT JOIN filled AS f ON f.column_name = c.column_name
LEFT JOIN unreadable AS u ON u.column_name = c.column_name
LEFT JOIN out_of_range AS o ON o.column_name = c.column_name
ORDER BY c.position
