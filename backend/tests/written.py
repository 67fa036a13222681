"""What a fine-tuning leaves of its measurements, without a model: samples by the engine's own format, and a preview."""

from __future__ import annotations

import json

from tunix_rt.grading import Target, grade
from tunix_rt.samples import StepSamples, TrainingSample

PREVIEW = json.dumps(
    {
        "examples": [
            {
                "name": "train-00049",
                "tokens": [
                    {"id": 2, "text": "<bos>", "role": "ignored", "trained": False},
                    {"id": 7, "text": "<start_of_turn>user\n9-8+2=<end_of_turn>\n", "role": "prompt", "trained": False},
                    {"id": 7, "text": "<start_of_turn>model\n", "role": "prompt", "trained": False},
                    {"id": 9, "text": "<reasoning>\n9-8=1\n1+2=3\n</reasoning>\n", "role": "trained", "trained": True},
                    {"id": 9, "text": "<answer>3</answer><end_of_turn>", "role": "trained", "trained": True},
                ],
            }
        ]
    }
)
COURSE = {
    0: ("9-8+2=<reas", "7 7 7 7 7 7 7 7"),
    50: ("<reasoning>\n9-8=1\n1+2=4\n</reasoning>\n<answer>4</answer>", "<reasoning>\n2+4=6\n</reasoning>\n6"),
    100: (
        "<reasoning>\n9-8=1\n1+2=3\n</reasoning>\n<answer>3</answer>",
        "<reasoning>\n2+4=6\n6-3=3\n</reasoning>\n<answer>3</answer>",
    ),
}
"""What was written to two prompts as training went on."""


def samples(step: int, texts: tuple[str, ...] = COURSE[100]) -> StepSamples:
    """Return what was written at a step, graded as the engine grades it."""
    asked = (("train-00003", "9-8+2=", "3"), ("train-00017", "2+4-3=", "3"))
    made = []
    for (name, prompt, answer), text in zip(asked, texts, strict=True):
        target = Target(kind="number", value=answer)
        score = grade(text, target, mode="strict")
        made.append(
            TrainingSample(
                trace_id=name, prompt=prompt, target=target, text=text, tokens=len(text), finish="stop", score=score
            )
        )
    return StepSamples(step=step, samples=made)
