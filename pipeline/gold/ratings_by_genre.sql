-- ratings_by_genre: films, mean, median and 90th percentile of the ratings of each genre and source, 0-100.
-- A film counts in each of its genres.
SELECT
    t.genre,
    r.source,
    count(*) AS films,
    avg(r.rating) AS mean,
    approx_percentile(r.rating, 0.5) AS median,
    approx_percentile(r.rating, 0.9) AS p90
FROM gold.movies AS m
CROSS JOIN UNNEST(m.genres) AS t(genre)
JOIN gold.movie_ratings AS r ON r.imdb_id = m.imdb_id
GROUP BY t.genre, r.source
ORDER BY t.genre, r.source
