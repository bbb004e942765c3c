-- box_office_by_decade: box office of each decade's films, nominal (not adjusted for inflation).
-- films counts all films of the decade; all other figures cover films_with_box_office.
SELECT
    m.decade,
    count(*) AS films,
    count(m.box_office_usd) AS films_with_box_office,
    avg(m.box_office_usd) AS mean_usd,
    approx_percentile(CAST(m.box_office_usd AS DOUBLE), 0.5) AS median_usd,
    CAST(sum(m.box_office_usd) AS BIGINT) AS total_usd
FROM gold.movies AS m
WHERE m.decade IS NOT NULL
GROUP BY m.decade
ORDER BY m.decade
