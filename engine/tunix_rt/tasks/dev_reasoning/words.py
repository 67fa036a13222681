"""Names, things and short words, a separate set for each split.

It does not know what they are used for. No entry stands in two splits, so that a held-out item shares no name or thing
with a training item.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, words

NAMES: BySplit[str] = {
    "train": words(
        "Anna Ben Carla David Emma Felix Grace Henry Iris Jack Kate Leo Maya Noah Olga Peter Rosa Sam Tina Victor "
        "Wendy Yusuf Zoe Adam Bella Carl Dora Eric Fiona George"
    ),
    "heldout": words(
        "Alice Bruno Clara Diego Elena Frank Hanna Ivan Julia Kevin Lina Marco Nora Oscar Paula Ravi Sofia Tom Uma Will"
    ),
    "dev": words("Amir Beth Colin Daisy Ethan Freya Gus Hugo Ines Jonas Kira Liam Mona Nils Omar Pia"),
}

THINGS: BySplit[str] = {
    "train": words(
        "apples books pens shells coins cards eggs marbles buttons stamps stones plums cups hats balls keys "
        "stickers candles ribbons flowers"
    ),
    "heldout": words("pears crayons beads pebbles tickets nuts spoons badges blocks lemons mugs kites tulips socks"),
    "dev": words("peaches pencils bottles acorns tokens figs forks posters bricks limes bells dolls"),
}

WORDS: BySplit[str] = {
    "train": words(
        "garden window table river stone bread horse cloud paper green silver music winter island market pocket "
        "doctor button castle finger guitar hammer jungle kitten ladder mirror needle orange pencil rabbit saddle "
        "tiger uncle velvet wagon yellow anchor basket carpet desert engine forest golden hunter insect jacket"
    ),
    "heldout": words(
        "bridge candle dragon eagle flower grape honey iron jewel knight lemon magnet napkin ocean piano queen rocket "
        "spider tunnel violin walnut zebra apple bottle circle dinner"
    ),
    "dev": words(
        "arrow barrel camel dust elbow feather goblet helmet igloo juice kettle lantern meadow nest olive planet quilt "
        "ribbon shadow thunder urchin valley wizard yogurt"
    ),
}

SHORT_WORDS: BySplit[str] = {
    "train": words(
        "cat sun map pen dog red box top leg bus hat net pig cup fan jam log mud nut rug tea van web yes ant bed cow "
        "lamp fish bird tree frog milk wolf moon star"
    ),
    "heldout": words("bag den fox gum hen ink jet kit lip mop oak pan rib sky toy urn wax zip boat coin desk goat"),
    "dev": words("arm bat cab dot ear fig gas hut ice jar key lid mat owl pot rat hand leaf nose park"),
}

MADE_UP: BySplit[str] = {
    "train": words("blick dax wug tove zib fep lorp mim pell rond sark vint"),
    "heldout": words("gorp plim snell tark yod krell bop nerp"),
    "dev": words("quib flane drup hosk zell jarv"),
}
"""Nouns that mean nothing: only the facts in the prompt can answer a question about them."""

QUALITIES: BySplit[str] = {
    "train": words("blue round heavy soft warm quiet shiny tall sweet fast"),
    "heldout": words("purple square light hard cold noisy rusty small"),
    "dev": words("pink flat sticky thin salty slow"),
}

COLOURS: BySplit[str] = {
    "train": words("red blue green yellow black white"),
    "heldout": words("pink grey brown orange purple"),
    "dev": words("gold silver violet cream tan"),
}
