"""Gold: its tables are built, compared with the published ones, published or held, and expire. Imports nothing.

- Build: ``sql/`` and ``statements`` define the tables; ``duckdb_engine`` or ``athena_engine`` builds them (``engine``).
- Record: ``build`` is the record of a build, ``publication`` the pointer to the published one.
- Compare: ``profile`` and ``breaker`` compare films, ``reconciliation`` totals of aggregates, ``comparison`` both.
- Wait: ``once_a_run`` decides whether a build waits for a run or for another invocation.
- Read: ``tables`` lists objects, ``as_of`` finds Gold as it was, ``catalogue`` moves Glue's tables.
- Expire: ``expiry`` tags the objects that no kept build refers to.
"""
