"""The rows of the table, one file for each group that shares its stack."""
