"""What every route needs: who calls (`caller.py`), strict bodies, problems, paging, limits."""
