"""Tasks: named sets of questions with targets; add one by adding one file and one line in `registry`.

They know nothing of models: `sampling` and `evaluation` bring the two together.
"""

from tunix_rt.tasks.registry import available, load, names, register_path, registered
from tunix_rt.tasks.task import Grader, Item, Task

__all__ = ["Grader", "Item", "Task", "available", "load", "names", "register_path", "registered"]
