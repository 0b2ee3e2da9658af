"""`timbrel history`: print what was played, as a table, CSV, JSON or a calendar."""
