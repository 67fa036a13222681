"""Rules and queries: functions that take a session and return rows or shapes; they never commit and know no HTTP."""
