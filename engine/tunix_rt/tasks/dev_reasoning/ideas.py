"""Short ideation: suggest a few uses, names or things to try. There is no single right answer, so it is not scored.

It does not know a grader: the target is of kind `open`, and an evaluation reports such items as unscored.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World, listed

_OBJECTS: BySplit[tuple[str, str, tuple[str, ...]]] = {
    "train": (
        (
            "an empty jar",
            "is hollow and can be closed",
            ("keep buttons in it", "grow a small plant in it", "store soup in it", "collect coins in it"),
        ),
        (
            "an old sock",
            "is soft and stretches",
            ("dust a shelf with it", "make a hand puppet", "keep a bottle warm", "polish shoes with it"),
        ),
        (
            "a paper clip",
            "is a thin wire that bends",
            ("hold pages together", "make a hook", "press a tiny button", "mark a page"),
        ),
        (
            "a cardboard box",
            "is light and large",
            ("build a toy house", "store winter clothes", "make a bed for a cat", "carry books"),
        ),
        (
            "a wooden spoon",
            "is long and hard",
            ("stir paint", "play a drum", "mark a garden row", "prop a window open"),
        ),
        (
            "a rubber band",
            "stretches and grips",
            ("close a bag", "hold a roll of paper", "open a tight lid", "bundle pencils"),
        ),
        (
            "an old newspaper",
            "is thin and soaks up water",
            ("wrap a gift", "clean a window", "dry wet shoes", "fold a hat"),
        ),
    ),
    "heldout": (
        (
            "a broken umbrella",
            "has cloth and thin ribs",
            ("cover a plant from frost", "sew a small bag", "hang up spice bunches", "make a kite"),
        ),
        (
            "a glass bottle",
            "is clear and holds water",
            ("use it as a vase", "make a lamp", "roll out dough", "send a message"),
        ),
        (
            "an old ladder",
            "has steps and two rails",
            ("make a shelf", "dry towels on it", "let beans climb on it", "show flower pots"),
        ),
        (
            "a bag of corks",
            "are light and float",
            ("make a pin board", "float a toy boat", "protect table legs", "stamp patterns"),
        ),
    ),
    "dev": (
        (
            "a worn-out tyre",
            "is round and strong",
            ("hang a swing", "plant flowers in it", "make a sandpit", "cushion a dock"),
        ),
        ("a tin can", "is a small metal tube", ("hold pencils", "make a lantern", "make a toy phone", "cut cookies")),
        (
            "a pile of leaves",
            "are dry and plenty",
            ("make compost", "press them in a book", "shelter a hedgehog", "jump in for fun"),
        ),
    ),
}
_USES: BySplit[str] = {
    "train": (
        "Suggest {k} uses for {x}.",
        "What can one do with {x}? Give {k} ideas.",
        "Name {k} new ways to use {x}.",
        "Write down {k} ideas for {x}.",
        "You find {x} at home. List {k} things it could be good for.",
    ),
    "heldout": (
        "Think of {k} jobs that {x} might still do.",
        "Do not throw away {x}! Offer {k} ideas instead.",
        "How could {x} be useful again? {k} short answers.",
        "Invent {k} purposes for {x}.",
    ),
    "dev": (
        "Come up with {k} plans for {x}.",
        "Somebody gives you {x}. Propose {k} uses.",
        "Brainstorm: {x}, {k} possibilities.",
        "What might {x} become? Mention {k} options.",
    ),
}
_COUNTS = {2: "two", 3: "three"}


def ideas(world: World) -> Draft:
    """Two or three uses of a plain object, from one of its properties."""
    thing, quality, uses = world.choose(_OBJECTS)
    k = world.number(2, 3)
    chosen = world.shuffled(uses)[:k]
    noun = thing.split(" ", 1)[1]
    opener = (
        "Leaves" if noun.endswith("leaves") else "Corks" if noun.endswith("corks") else f"{thing[0].upper()}{thing[1:]}"
    )
    steps = [f"{opener} {quality}.", f"So one can {', '.join(chosen[:-1])} or {chosen[-1]}."]
    return Draft(world.ask(_USES, k=_COUNTS[k], x=thing), steps, listed(chosen), "open", 2)


FAMILIES = (Family("ideas", "ideation", ideas),)
