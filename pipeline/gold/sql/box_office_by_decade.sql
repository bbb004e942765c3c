-- box_office_by_decade: box office of each decade's films, nominal (not adjusted for inflation).
-- films counts all films of the decade that are on the list; all other figures cover films_with_box_office.
SELECT
    d.decade,
    d.films,
    d.films_with_box_office,
    d.mean_usd,
    exact_percentile(d.box_offices, 0.5) AS median_usd,
    d.total_usd
FROM (
    SELECT
        m.decade,
        count(*) AS films,
        count(m.box_office_usd) AS films_with_box_office,
        avg(m.box_office_usd) AS mean_usd,
        array_sort(array_agg(CAST(m.box_office_usd AS DOUBLE)) FILTER (WHERE m.box_office_usd IS NOT NULL)) AS box_offices,
        CAST(sum(m.box_office_usd) AS BIGINT) AS total_usd
    FROM gold.movies AS m
    WHERE m.on_list AND m.decade IS NOT NULL
    GROUP BY m.decade
) AS d
ORDER BY d.decade
