"""Gold: its tables are built, compared with the published ones, published or held, and expire. Imports nothing.

- Built: ``sql/`` and ``statements`` define the tables; ``duckdb_engine`` or ``athena_engine`` builds them (``engine``).
- Recorded: ``build`` is the record of a build, ``publication`` the pointer to the published one.
- Compared: ``profile`` and ``breaker`` compare films, ``reconciliation`` sums of aggregates, ``comparison`` both.
- Once: ``once_a_run`` says when a build must wait, and for which other function's.
- Read: ``tables`` lists objects, ``as_of`` finds Gold as it was, ``catalogue`` moves Glue's tables.
- Gone: ``expiry`` tags what no kept build needs.
"""
