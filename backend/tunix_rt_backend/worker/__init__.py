"""The worker: a queue in one table, an executor that starts command lines, and the loop that joins them."""
