-- data_quality: how complete and plausible each column of movies is.
-- out_of_range is 0 unless Silver let a value through that it should have quarantined.
-- One pass over movies counts all columns; the one row that comes of it is then turned into a row a column.
WITH counts AS (
    SELECT
        count(*) AS films,
        count(m.title) AS title,
        count(m.year) AS year,
        count(m.type) AS type,
        count(m.rated) AS rated,
        count(m.released) AS released,
        count(m.runtime_minutes) AS runtime_minutes,
        count(m.genres) AS genres,
        count(m.directors) AS directors,
        count(m.writers) AS writers,
        count(m.actors) AS actors,
        count(m.languages) AS languages,
        count(m.countries) AS countries,
        count(m.plot) AS plot,
        count(m.awards) AS awards,
        count(m.poster) AS poster,
        count(m.production) AS production,
        count(m.imdb_rating) AS imdb_rating,
        count(m.imdb_votes) AS imdb_votes,
        count(m.metascore) AS metascore,
        count(m.rotten_tomatoes) AS rotten_tomatoes,
        count(m.rotten_tomatoes_average) AS rotten_tomatoes_average,
        count(m.rotten_tomatoes_reviews) AS rotten_tomatoes_reviews,
        count(m.box_office_usd) AS box_office_usd,
        count(m.rank) AS rank,
        count(m.source_rating) AS source_rating,
        count(m.source_rating_count) AS source_rating_count,
        count(CASE WHEN m.year < 1870 THEN 1 END) AS year_out_of_range,
        count(CASE WHEN m.runtime_minutes < 1 THEN 1 END) AS runtime_minutes_out_of_range,
        count(CASE WHEN m.imdb_rating < 0 OR m.imdb_rating > 10 THEN 1 END) AS imdb_rating_out_of_range,
        count(CASE WHEN m.imdb_votes < 0 THEN 1 END) AS imdb_votes_out_of_range,
        count(CASE WHEN m.metascore < 0 OR m.metascore > 100 THEN 1 END) AS metascore_out_of_range,
        count(CASE WHEN m.rotten_tomatoes < 0 OR m.rotten_tomatoes > 100 THEN 1 END) AS rotten_tomatoes_out_of_range,
        count(CASE WHEN m.rotten_tomatoes_average < 0 OR m.rotten_tomatoes_average > 10 THEN 1 END) AS rotten_tomatoes_average_out_of_range,
        count(CASE WHEN m.rotten_tomatoes_reviews < 0 THEN 1 END) AS rotten_tomatoes_reviews_out_of_range,
        count(CASE WHEN m.box_office_usd < 0 THEN 1 END) AS box_office_usd_out_of_range,
        count(CASE WHEN m.rank < 1 THEN 1 END) AS rank_out_of_range,
        count(CASE WHEN m.source_rating < 0 OR m.source_rating > 10 THEN 1 END) AS source_rating_out_of_range,
        count(CASE WHEN m.source_rating_count < 0 THEN 1 END) AS source_rating_count_out_of_range
    FROM gold.movies AS m
),
unreadable AS (
    SELECT split_part(t.fault, ':', 1) AS column_name, count(DISTINCT m.imdb_id) AS films
    FROM gold.movies AS m
    CROSS JOIN UNNEST(m.unreadable) AS t(fault)
    GROUP BY split_part(t.fault, ':', 1)
)
SELECT
    c.column_name,
    c.films AS rows,
    c.filled,
    CAST(c.filled AS DOUBLE) / nullif(c.films, 0) AS filled_share,
    coalesce(u.films, 0) AS unreadable,
    c.out_of_range
FROM (
    SELECT
        p.position,
        p.column_name,
        n.films,
        CASE p.column_name
            WHEN 'title' THEN n.title
            WHEN 'year' THEN n.year
            WHEN 'type' THEN n.type
            WHEN 'rated' THEN n.rated
            WHEN 'released' THEN n.released
            WHEN 'runtime_minutes' THEN n.runtime_minutes
            WHEN 'genres' THEN n.genres
            WHEN 'directors' THEN n.directors
            WHEN 'writers' THEN n.writers
            WHEN 'actors' THEN n.actors
            WHEN 'languages' THEN n.languages
            WHEN 'countries' THEN n.countries
            WHEN 'plot' THEN n.plot
            WHEN 'awards' THEN n.awards
            WHEN 'poster' THEN n.poster
            WHEN 'production' THEN n.production
            WHEN 'imdb_rating' THEN n.imdb_rating
            WHEN 'imdb_votes' THEN n.imdb_votes
            WHEN 'metascore' THEN n.metascore
            WHEN 'rotten_tomatoes' THEN n.rotten_tomatoes
            WHEN 'rotten_tomatoes_average' THEN n.rotten_tomatoes_average
            WHEN 'rotten_tomatoes_reviews' THEN n.rotten_tomatoes_reviews
            WHEN 'box_office_usd' THEN n.box_office_usd
            WHEN 'rank' THEN n.rank
            WHEN 'source_rating' THEN n.source_rating
            WHEN 'source_rating_count' THEN n.source_rating_count
        END AS filled,
        CASE p.column_name
            WHEN 'year' THEN n.year_out_of_range
            WHEN 'runtime_minutes' THEN n.runtime_minutes_out_of_range
            WHEN 'imdb_rating' THEN n.imdb_rating_out_of_range
            WHEN 'imdb_votes' THEN n.imdb_votes_out_of_range
            WHEN 'metascore' THEN n.metascore_out_of_range
            WHEN 'rotten_tomatoes' THEN n.rotten_tomatoes_out_of_range
            WHEN 'rotten_tomatoes_average' THEN n.rotten_tomatoes_average_out_of_range
            WHEN 'rotten_tomatoes_reviews' THEN n.rotten_tomatoes_reviews_out_of_range
            WHEN 'box_office_usd' THEN n.box_office_usd_out_of_range
            WHEN 'rank' THEN n.rank_out_of_range
            WHEN 'source_rating' THEN n.source_rating_out_of_range
            WHEN 'source_rating_count' THEN n.source_rating_count_out_of_range
            ELSE 0
        END AS out_of_range
    FROM counts AS n
    CROSS JOIN (
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
    ) AS p(position, column_name)
) AS c
LEFT JOIN unreadable AS u ON u.column_name = c.column_name
ORDER BY c.position
