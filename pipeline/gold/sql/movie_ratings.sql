-- movie_ratings: one row a film on the list and rating source, every rating on the scale 0-100.
-- Never average ratings of different sources: always group by source too.
SELECT r.imdb_id, r.source, r.rating, r.votes
FROM (
    {ratings}
) AS r
WHERE r.rating IS NOT NULL
