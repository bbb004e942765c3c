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
        {ratings}
    ) AS r
    CROSS JOIN UNNEST(r.genres) AS t(genre)
    WHERE r.rating IS NOT NULL
    GROUP BY t.genre, r.source
) AS g
ORDER BY g.genre, g.source
