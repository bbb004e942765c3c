-- movie_ratings: one row a film on the list and rating source, every rating on the scale 0-100.
-- Never average ratings of different sources: always group by source too.
SELECT r.imdb_id, r.source, r.rating, r.votes
FROM (
    SELECT m.imdb_id, 'imdb' AS source, m.imdb_rating * 10 AS rating, m.imdb_votes AS votes
    FROM gold.movies AS m
    WHERE m.on_list
    UNION ALL
    SELECT m.imdb_id, 'metascore' AS source, CAST(m.metascore AS DOUBLE) AS rating, CAST(NULL AS BIGINT) AS votes
    FROM gold.movies AS m
    WHERE m.on_list
    UNION ALL
    SELECT
        m.imdb_id, 'rotten_tomatoes' AS source, CAST(m.rotten_tomatoes AS DOUBLE) AS rating,
        CAST(m.rotten_tomatoes_reviews AS BIGINT) AS votes
    FROM gold.movies AS m
    WHERE m.on_list
    UNION ALL
    SELECT m.imdb_id, 'source_list' AS source, m.source_rating * 10 AS rating, m.source_rating_count AS votes
    FROM gold.movies AS m
    WHERE m.on_list
) AS r
WHERE r.rating IS NOT NULL
