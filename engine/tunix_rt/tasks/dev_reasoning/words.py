"""Names, things and short words, a separate set for each split.

It does not know what they are used for. No entry stands in two splits, so that a held-out item shares no name or thing
with a training item.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit

NAMES: BySplit[str] = {
    "train": tuple(
        "Anna Ben Carla David Emma Felix Grace Henry Iris Jack Kate Leo Maya Noah Olga Peter Rosa Sam Tina Victor "
        "Wendy Yusuf Zoe Adam Bella Carl Dora Eric Fiona George".split()
    ),
    "heldout": tuple(
        "Alice Bruno Clara Diego Elena Frank Hanna Ivan Julia Kevin Lina Marco Nora Oscar Paula Ravi Sofia Tom Uma Will".split()
    ),
    "dev": tuple("Amir Beth Colin Daisy Ethan Freya Gus Hugo Ines Jonas Kira Liam Mona Nils Omar Pia".split()),
}

THINGS: BySplit[str] = {
    "train": tuple(
        "apples books pens shells coins cards eggs marbles buttons stamps stones plums cups hats balls keys "
        "stickers candles ribbons flowers".split()
    ),
    "heldout": tuple("pears crayons beads pebbles tickets nuts spoons badges blocks lemons mugs kites tulips socks".split()),
    "dev": tuple("peaches pencils bottles acorns tokens figs forks posters bricks limes bells dolls".split()),
}

WORDS: BySplit[str] = {
    "train": tuple(
        "garden window table river stone bread horse cloud paper green silver music winter island market pocket "
        "doctor button castle finger guitar hammer jungle kitten ladder mirror needle orange pencil rabbit saddle "
        "tiger uncle velvet wagon yellow anchor basket carpet desert engine forest golden hunter insect jacket".split()
    ),
    "heldout": tuple(
        "bridge candle dragon eagle flower grape honey iron jewel knight lemon magnet napkin ocean piano queen rocket "
        "spider tunnel violin walnut zebra apple bottle circle dinner".split()
    ),
    "dev": tuple(
        "arrow barrel camel dust elbow feather goblet helmet igloo juice kettle lantern meadow nest olive planet quilt "
        "ribbon shadow thunder urchin valley wizard yogurt".split()
    ),
}

SHORT_WORDS: BySplit[str] = {
    "train": tuple(
        "cat sun map pen dog red box top leg bus hat net pig cup fan jam log mud nut rug tea van web yes ant bed cow "
        "lamp fish bird tree frog milk wolf moon star".split()
    ),
    "heldout": tuple("bag den fox gum hen ink jet kit lip mop oak pan rib sky toy urn wax zip boat coin desk goat".split()),
    "dev": tuple("arm bat cab dot ear fig gas hut ice jar key lid mat owl pot rat hand leaf nose park".split()),
}

MADE_UP: BySplit[str] = {
    "train": tuple("blick dax wug tove zib fep lorp mim pell rond sark vint".split()),
    "heldout": tuple("gorp plim snell tark yod krell bop nerp".split()),
    "dev": tuple("quib flane drup hosk zell jarv".split()),
}
"""Nouns that mean nothing: only the facts in the prompt can answer a question about them."""

QUALITIES: BySplit[str] = {
    "train": tuple("blue round heavy soft warm quiet shiny tall sweet fast".split()),
    "heldout": tuple("purple square light hard cold noisy rusty small".split()),
    "dev": tuple("pink flat sticky thin salty slow".split()),
}

COLOURS: BySplit[str] = {
    "train": tuple("red blue green yellow black white".split()),
    "heldout": tuple("pink grey brown orange purple".split()),
    "dev": tuple("gold silver violet cream tan".split()),
}
