-- {table}: films on the list of each {column}, from films_by.sql, the template of all films_by_* tables.
-- Means of ratings are 0-100 over the *_films beside them; box office covers films_with_box_office.
SELECT
    t.{column},
    count(*) AS films,
    {means},
    count(m.box_office_usd) AS films_with_box_office,
    avg(m.box_office_usd) AS box_office_mean_usd,
    CAST(sum(m.box_office_usd) AS BIGINT) AS box_office_total_usd
FROM gold.movies AS m
CROSS JOIN UNNEST({values}) AS t({column})
WHERE m.on_list
GROUP BY t.{column}
ORDER BY count(*) DESC, t.{column}
