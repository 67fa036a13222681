"""Re-execute the arithmetic that trace steps write down: `48 / 2 = 24 clips` is right, `6 * 7 = 54` is wrong.

Values are exact fractions, and nothing is evaluated as code. A step is called wrong only when the reading is certain:
unknown names, several units that convert into each other, percentages added to plain numbers and the like give `none`.
A rounded result is right: the written value may differ from the exact one by half of its last shown decimal
(`10 / 3 = 3.33`, `2 / 3 = 1`). A running chain (`2 + 3 = 5 + 1 = 6`) is judged by its parts. It does not know answers.
"""

from tunix_rt.arithmetic.equation import Equation, StepCheck, check_step, check_steps

__all__ = ["Equation", "StepCheck", "check_step", "check_steps"]
