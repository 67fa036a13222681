"""What is rewarded: completions of small questions, worked by hand."""

from tunix_rt.grading import AnswerKind, Target
from tunix_rt.prompt import contract_form
from tunix_rt.rewards.case import Case
from tunix_rt.sampling import Completion, Finish

LIMIT = 100
PROMPT = "Ann has 3 bags of 4 pears and eats 2. How many pears are left?"
STEPS = ("3 * 4 = 12", "12 - 2 = 10")


def written(steps: tuple[str, ...] = STEPS, answer: str = "10") -> str:
    """Return a completion in the contract."""
    lines = "\n".join(steps)
    return f"<reasoning>\n{lines}\n</reasoning>\n<answer>{answer}</answer>"


def completion(text: str, tokens: int = 20, finish: Finish = "stop") -> Completion:
    """Return a completion of so many tokens."""
    return Completion(text=text, token_ids=[1] * tokens, finish=finish, prompt_tokens=5)


def case(
    text: str,
    *,
    group: str = "pears",
    kind: AnswerKind = "number",
    value: str = "10",
    choices: tuple[str, ...] = (),
    prompt: str = PROMPT,
    tokens: int = 20,
    finish: Finish = "stop",
) -> Case:
    """Return a completion beside its question."""
    return Case(
        group=group,
        prompt=prompt,
        target=Target(kind=kind, value=value, choices=list(choices)),
        text=text,
        tokens=tokens,
        finish=finish,
        form=contract_form(),
        max_new_tokens=LIMIT,
    )
