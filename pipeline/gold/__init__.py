"""Gold: its tables are built, compared with the published ones, published or held, and expire. Imports nothing.

- Build: ``sql/`` and ``statements`` define the tables; ``duckdb_engine`` or ``athena_engine`` builds them.
- Publish: ``build`` is the record of a build; ``publication`` moves the pointer and Glue's tables to it, and lets other
  builds expire.
- Compare: ``profile`` computes a build's numbers, ``comparison`` holds a build whose numbers changed too much, and
  ``reconciliation`` one whose aggregates do not add up.
- Wait: ``once_a_run`` decides whether a build waits for a run or for another invocation.
- Read: ``tables`` lists objects, ``as_of`` finds Gold as it was.
"""
