"""Basic science: known facts to choose from, and a rule to apply to two measured values.

It does not ask the same fact in two splits.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World


def _facts(text: str) -> tuple[tuple[str, str, str, str, str], ...]:
    rows = [tuple(part.strip() for part in line.split("|")) for line in text.strip().splitlines()]
    return tuple((row[0], row[1], row[2], row[3], row[4]) for row in rows)


_KNOWN: BySplit[tuple[str, str, str, str, str]] = {
    "train": _facts("""
        Which animal is a mammal? | A whale feeds its young with milk. | whale | shark | trout
        Which of these is a bird? | A penguin has feathers and lays eggs. | penguin | bat | butterfly
        Which part of a plant takes up water? | Roots are in the soil and drink from it. | root | leaf | flower
        What do plants need to make food? | Leaves use light to make sugar. | light | salt | sand
        Which of these gives off its own light? | The Sun is a star, and stars shine. | Sun | Moon | Earth
        What is frozen water called? | Water that freezes turns into ice. | ice | steam | fog
        Which gas do people need to breathe? | The body takes oxygen from the air. | oxygen | helium | carbon dioxide
        What does a magnet pull? | Magnets pull iron. | iron nail | wooden stick | glass ball
        Which organ pumps blood? | The heart beats and pumps blood. | heart | lung | stomach
        Which planet do we live on? | Our home planet is Earth. | Earth | Mars | Venus
        Which force pulls things to the ground? | Gravity pulls things down. | gravity | friction | wind
        Which of these is a liquid at room temperature? | Milk flows and fills a cup. | milk | stone | air
        How many legs does an insect have? | All insects have six legs. | six | four | eight
        Which animal lives in water and breathes with gills? | A fish has gills. | fish | frog | seal
        Which sense uses the ears? | With the ears we hear. | hearing | sight | smell
        What do bees make? | Bees turn nectar into honey. | honey | silk | milk
        Which material lets electricity pass well? | Metals such as copper conduct. | copper | rubber | glass
        Which season comes after spring? | The order is spring, then summer. | summer | winter | autumn
        What is the hardest of these? | A diamond scratches all the others. | diamond | chalk | wood
        Which animal changes from a caterpillar? | A caterpillar becomes a butterfly. | butterfly | spider | snail
        What does a thermometer measure? | A thermometer shows how warm it is. | temperature | weight | length
        Which of these is a fruit with a stone inside? | A cherry has a stone. | cherry | carrot | potato
        Which body part helps us to think? | We think with the brain. | brain | knee | liver
        What happens to butter in a hot pan? | Heat melts butter. | it melts | it freezes | it grows
    """),
    "heldout": _facts("""
        Which creature is a reptile? | A lizard has scales and warms up in the sun. | lizard | robin | mouse
        What covers the body of a bear? | Bears are mammals and mammals have hair. | fur | scales | feathers
        Where does a young kangaroo grow? | The mother carries it in a pouch. | pouch | nest | shell
        What turns into vapour when it boils? | Boiling water becomes vapour. | water | iron | wood
        Which object floats on a pond? | Cork is lighter than water, so it floats. | cork | brick | coin
        Which part of the body holds the lungs? | The lungs are in the chest. | chest | foot | hand
        Which thing stores electric energy? | A battery stores energy. | battery | mirror | spoon
        What moves around the Earth? | The Moon circles the Earth. | Moon | Sun | Mars
        Which animal eats only plants? | A cow eats grass. | cow | lion | eagle
        What carries a plant's seeds? | Seeds are found inside the fruit. | fruit | bark | stem
        Which tool makes small things look bigger? | A microscope enlarges tiny things. | microscope | ruler | clock
        What causes day and night? | The Earth turns once a day. | turning of the Earth | clouds | tides
        Which one is a gas? | Steam is water as a gas. | steam | honey | salt
        Which creature has eight legs? | Spiders have eight legs. | spider | ant | beetle
    """),
    "dev": _facts("""
        Which being is an amphibian? | A frog lives in water and on land. | frog | cat | crow
        What is used by the nose? | The nose lets us smell. | smell | taste | touch
        Which thing is made by trees and good for us? | Trees give off oxygen. | oxygen | smoke | plastic
        What do we call melted rock from a volcano? | Melted rock on the surface is lava. | lava | coal | clay
        Which object reflects your face? | A mirror sends the light back. | mirror | carpet | towel
        Which creature spins a web? | A spider spins a web. | spider | bee | fly
        What rusts in wet air? | Iron rusts when it is wet. | iron | gold | plastic
        Which thing is the largest? | A star is far larger than a planet. | star | planet | mountain
        Where do fish lay their eggs? | Fish lay eggs in water. | in water | in trees | in sand hills
    """),
}
_ASK: BySplit[str] = {
    "train": (
        "{q} A) {a} B) {b} C) {c}. Answer with the letter.",
        "Science: {q} Choose A) {a}, B) {b} or C) {c}. Answer with the letter.",
        "{q}\nA) {a}\nB) {b}\nC) {c}\nAnswer with the letter.",
        "Answer with the letter A, B or C. {q} A) {a} B) {b} C) {c}",
    ),
    "heldout": (
        "{q} Options: A) {a} B) {b} C) {c}. Reply with A, B or C.",
        "{q} Is it A) {a}, B) {b} or C) {c}? Reply with A, B or C.",
    ),
    "dev": ("Nature quiz. {q} A) {a} B) {b} C) {c}. Only the letter.",),
}


@dataclass(frozen=True)
class _Measured:
    questions: tuple[str, ...]
    rule: str
    lowest: bool
    values: tuple[tuple[str, int], ...]


_MEASURED: BySplit[_Measured] = {
    "train": (
        _Measured(
            (
                "{x} melts at {a} degrees and {y} at {b} degrees. Both are heated slowly. Which melts first?",
                "Melting points: {x} {a}, {y} {b}. Which one becomes liquid first when heated?",
            ),
            "The lower melting point melts first.",
            True,
            (
                ("tin", 232),
                ("lead", 327),
                ("zinc", 420),
                ("silver", 962),
                ("gold", 1064),
                ("copper", 1085),
                ("iron", 1538),
            ),
        ),
        _Measured(
            ("A {x} can run {a} km an hour, a {y} {b}. Which animal is ahead after an hour?",),
            "The higher speed goes further.",
            False,
            (
                ("horse", 70),
                ("lion", 80),
                ("rabbit", 40),
                ("dog", 45),
                ("cheetah", 110),
                ("elephant", 25),
                ("zebra", 65),
            ),
        ),
    ),
    "heldout": (
        _Measured(
            (
                "Liquid {x} boils at {a} degrees, liquid {y} at {b}. Warmed together, which begins to boil earlier?",
                "With boiling points {a} for {x} and {b} for {y}, which starts to bubble earlier as it gets hot?",
            ),
            "The lower boiling point boils first.",
            True,
            (("ether", 35), ("acetone", 56), ("methanol", 65), ("alcohol", 78), ("water", 100), ("oil", 300)),
        ),
        _Measured(
            ("A year on {x} lasts {a} Earth days, on {y} {b}. Whose year is longer?",),
            "The larger number is the longer year.",
            False,
            (("Mercury", 88), ("Venus", 225), ("Mars", 687), ("Jupiter", 4333), ("Saturn", 10759)),
        ),
    ),
    "dev": (
        _Measured(
            ("One cubic metre of {x} has {a} kg, of {y} {b} kg. Which stuff is heavier for its size?",),
            "The larger number is heavier.",
            False,
            (("cork", 240), ("oak", 700), ("ice", 917), ("brick", 1900), ("glass", 2500), ("marble", 2700)),
        ),
    ),
}


def science(world: World) -> Draft:
    """A known fact among three options, or two measured values and a rule."""
    if world.chance(0.5):
        question, fact, right, *wrong = world.choose(_KNOWN)
        options = world.shuffled([right, *wrong])
        letter = "ABC"[options.index(right)]
        first, second, third = options
        prompt = world.ask(_ASK, q=question, a=first, b=second, c=third)
        steps = [fact, f"{right[0].upper() + right[1:]} is {letter}."]
        return Draft(prompt, steps, letter, "choice", 2, choices=tuple(options))
    kind = world.choose(_MEASURED)
    (x, a), (y, b) = world.shuffled(kind.values)[:2]
    answer = x if (a < b) == kind.lowest else y
    prompt = world.fill(world.pick(kind.questions), x=x, y=y, a=a, b=b)
    prompt = prompt[0].upper() + prompt[1:]
    steps = [kind.rule, f"{a} is {'less' if a < b else 'more'} than {b}, so the answer is {answer}."]
    return Draft(prompt, steps, answer, "choice", 2, choices=(x, y))


FAMILIES = (Family("science", "science", science),)
