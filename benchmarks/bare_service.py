"""A FastAPI application that answers with a constant: what the framework itself costs on a machine.

    python benchmarks/bare_service.py PORT

It has nothing of ours: no middleware, no check, no database, uvicorn as it comes, without a log of requests.
"""

from __future__ import annotations

import sys

import uvicorn
from fastapi import FastAPI

app = FastAPI()


@app.get("/def")
def constant() -> dict[str, int]:
    """Answer from the thread pool, as our routes do."""
    return {"answer": 42}


@app.get("/async-def")
async def constant_async() -> dict[str, int]:
    """Answer from the event loop."""
    return {"answer": 42}


if __name__ == "__main__":
    uvicorn.run(app, host="127.0.0.1", port=int(sys.argv[1]), access_log=False, log_level="warning", backlog=2048)
