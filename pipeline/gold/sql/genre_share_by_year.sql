-- genre_share_by_year: share of a year's films that are of each genre, among listed films whose genres are known.
-- A film counts in each of its genres, so the shares of a year add up to more than 1.
SELECT
    g.year,
    g.genre,
    g.films,
    y.films_in_year,
    CAST(g.films AS DOUBLE) / y.films_in_year AS share
FROM (
    SELECT m.year, t.genre, count(*) AS films
    FROM gold.movies AS m
    CROSS JOIN UNNEST(m.genres) AS t(genre)
    WHERE m.on_list AND m.year IS NOT NULL
    GROUP BY m.year, t.genre
) AS g
JOIN (
    SELECT m.year, count(*) AS films_in_year
    FROM gold.movies AS m
    WHERE m.on_list AND m.year IS NOT NULL AND m.genres IS NOT NULL
    GROUP BY m.year
) AS y ON y.year = g.year
ORDER BY g.year, g.genre
