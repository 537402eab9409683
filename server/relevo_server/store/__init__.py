"""The database: the only place of the server where SQL lives."""
