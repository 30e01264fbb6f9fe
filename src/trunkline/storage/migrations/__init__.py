"""The schema's history as Alembic keeps it: `versions` are the steps, `env.py` is what Alembic runs to take them.

After a change of tables, a new step and its id in `migrate.HEAD`: a test says whether steps and tables agree.
"""
