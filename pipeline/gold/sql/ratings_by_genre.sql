-- ratings_by_genre: films, mean, median and 90th percentile of the ratings of each genre and source, 0-100.
-- A film on the list counts in each of its genres. Ratings come from movies: joining movie_ratings by film takes twice as long.
SELECT
    g.genre,
    g.source,
    g.films,
    g.mean,
    exact_percentile(g.ratings, 0.5) AS median,
    exact_percentile(g.ratings, 0.9) AS p90
FROM (
    SELECT
        t.genre,
        r.source,
        count(*) AS films,
        avg(r.rating) AS mean,
        array_sort(array_agg(r.rating)) AS ratings
    FROM (
        SELECT m.genres, 'imdb' AS source, m.imdb_rating * 10 AS rating
        FROM gold.movies AS m
        WHERE m.on_list
        UNION ALL
        SELECT m.genres, 'metascore' AS source, CAST(m.metascore AS DOUBLE) AS rating
        FROM gold.movies AS m
        WHERE m.on_list
        UNION ALL
        SELECT m.genres, 'rotten_tomatoes' AS source, CAST(m.rotten_tomatoes AS DOUBLE) AS rating
        FROM gold.movies AS m
        WHERE m.on_list
        UNION ALL
        SELECT m.genres, 'source_list' AS source, m.source_rating * 10 AS rating
        FROM gold.movies AS m
        WHERE m.on_list
    ) AS r
    CROSS JOIN UNNEST(r.genres) AS t(genre)
    WHERE r.rating IS NOT NULL
    GROUP BY t.genre, r.source
) AS g
ORDER BY g.genre, g.source
