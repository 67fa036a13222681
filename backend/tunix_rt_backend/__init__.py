"""The service: traces, datasets, runs and evaluations over HTTP, and the worker that carries runs out.

It trains nothing itself: a run is the command line of the engine, started in a process of its own.
"""
