"""The database: engine, unit of work, column types, migrations. Features keep their own `tables.py` and `store.py`."""
