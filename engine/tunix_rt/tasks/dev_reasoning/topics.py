"""Short texts by topic, each with a title, a topic word and marked key words: the material of the summary family.

It does not know how questions are asked.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tunix_rt.tasks.dev_reasoning.family import BySplit


@dataclass(frozen=True)
class Sentence:
    """A sentence, and the word in it that gives the topic away."""

    text: str
    key: str


@dataclass(frozen=True)
class Topic:
    """Four sentences on one thing; any two of them show what it is about."""

    word: str
    title: str
    sentences: tuple[Sentence, ...]


def _topic(word: str, title: str, text: str) -> Topic:
    """Read four sentences, one a line, with the key word of each between stars."""
    lines = [line.strip() for line in text.strip().splitlines()]
    sentences = tuple(Sentence(line.replace("*", ""), re.findall(r"\*(.+)\*", line)[0].lower()) for line in lines)
    return Topic(word, title, sentences)


TOPICS: BySplit[Topic] = {
    "train": (
        _topic(
            "bread",
            "How bread is made",
            """
            The baker mixes *flour*, water and yeast.
            The *dough* rests until it has doubled.
            The *loaves* go into a hot oven.
            The *crust* turns brown and the kitchen smells good.
            """,
        ),
        _topic(
            "bees",
            "The life of bees",
            """
            They fly from flower to flower for *nectar*.
            Their home is full of *honey*.
            A queen lays all the eggs of the *hive*.
            Workers *buzz* and dance to show where flowers are.
            """,
        ),
        _topic(
            "trains",
            "Travelling by rail",
            """
            The engine pulls ten wagons along the *tracks*.
            At the *station* people get on and off.
            The *guard* blows a whistle and the wheels turn.
            Tickets are checked in every *wagon*.
            """,
        ),
        _topic(
            "rain",
            "A wet day",
            """
            Dark *clouds* cover the sky.
            *Drops* run down the windows.
            People open their *umbrellas*.
            *Puddles* grow on the road.
            """,
        ),
        _topic(
            "football",
            "A match on Sunday",
            """
            The striker kicks the ball into the *goal*.
            The *referee* shows a yellow card.
            Both *teams* have eleven players.
            After ninety minutes the *score* is two to one.
            """,
        ),
        _topic(
            "teeth",
            "Keeping teeth healthy",
            """
            *Brush* for two minutes every evening.
            Sugar helps holes to form in the *enamel*.
            A *dentist* looks into your mouth twice a year.
            *Floss* cleans where nothing else can reach.
            """,
        ),
        _topic(
            "volcanoes",
            "Mountains of fire",
            """
            Hot *lava* flows down the slope.
            *Ash* rises high above the mountain.
            Melted rock pushes up into the *crater*.
            After the *eruption* the rock cools and turns black.
            """,
        ),
        _topic(
            "libraries",
            "A house full of books",
            """
            Long *shelves* hold thousands of novels.
            You *borrow* a novel and bring it back later.
            The *reading* room is very quiet.
            A card shows who may take *books* home.
            """,
        ),
        _topic(
            "winter",
            "The cold season",
            """
            *Snow* lies on the roofs.
            The lake is covered by *ice*.
            Everyone wears a thick coat and *gloves*.
            The days are short and *cold*.
            """,
        ),
        _topic(
            "farms",
            "Work on a farm",
            """
            The *cows* are milked before sunrise.
            A *tractor* ploughs the field.
            Hens lay eggs in the *barn*.
            At *harvest* time the wheat is cut.
            """,
        ),
        _topic(
            "money",
            "Saving a little",
            """
            She puts two *coins* into a jar each week.
            The *bank* pays a little interest.
            He writes down what he *spends*.
            With a plan, his *savings* buy a bicycle.
            """,
        ),
        _topic(
            "sleep",
            "A good night",
            """
            The body rests in *bed* for eight hours.
            *Dreams* come late in the night.
            A soft *pillow* and a dark room help.
            Without rest we are *tired* the next day.
            """,
        ),
        _topic(
            "painting",
            "Making a picture",
            """
            She dips the *brush* into blue.
            The *colours* dry slowly.
            First he draws thin lines on the *canvas*.
            The finished work hangs in a *frame*.
            """,
        ),
        _topic(
            "ships",
            "Across the sea",
            """
            The *captain* steers past the rocks.
            *Waves* hit the bow.
            Containers are stacked on the *deck*.
            An *anchor* holds it in the harbour for the night.
            """,
        ),
    ),
    "heldout": (
        _topic(
            "cheese",
            "From milk to cheese",
            """
            Warm *milk* turns thick.
            The *curds* are cut and pressed.
            Wheels *ripen* in a cool cellar.
            Salt keeps the *rind* firm.
            """,
        ),
        _topic(
            "owls",
            "Hunters of the night",
            """
            Soft *wings* make no sound.
            Large eyes see a *mouse* in the dark.
            They hunt at night while other *birds* rest.
            They *hoot* from the top of a dead tree.
            """,
        ),
        _topic(
            "bicycles",
            "On two wheels",
            """
            The *chain* drives the back wheel.
            Press the *pedals* to go faster.
            Good *brakes* are needed downhill.
            A *helmet* protects the rider.
            """,
        ),
        _topic(
            "storms",
            "When the wind is wild",
            """
            *Thunder* rolls over the hills.
            Strong *wind* breaks branches.
            *Lightning* strikes an old tower.
            A *gale* keeps the sailors in port.
            """,
        ),
        _topic(
            "chess",
            "A game of thought",
            """
            The *king* may move one square.
            A *pawn* reaches the far side of the board.
            White makes the first *move*.
            The game ends with *checkmate*.
            """,
        ),
        _topic(
            "deserts",
            "Land without water",
            """
            *Sand* piles up behind every stone.
            It is *dry* for years on end.
            A *cactus* stores water.
            Camels rest in the shade of the *dunes*.
            """,
        ),
        _topic(
            "music",
            "Playing together",
            """
            The *violins* begin very softly.
            A *drummer* keeps the beat.
            The *notes* are written on five lines.
            At the end of the *concert* people clap.
            """,
        ),
        _topic(
            "gardens",
            "Growing vegetables",
            """
            *Seeds* are put into loose soil.
            The *carrots* need water each evening.
            *Weeds* are pulled out by hand.
            *Beans* climb up a wooden stick.
            """,
        ),
    ),
    "dev": (
        _topic(
            "tea",
            "A hot drink",
            """
            The *kettle* boils on the stove.
            Dry *leaves* colour the water brown.
            Wait three minutes before you fill the *cup*.
            Some people *drink* it with lemon.
            """,
        ),
        _topic(
            "penguins",
            "Birds on the ice",
            """
            They cannot *fly* but swim very well.
            The father keeps the *egg* warm on his feet.
            A thick layer of fat holds out the *cold*.
            They slide over the *ice* on their bellies.
            """,
        ),
        _topic(
            "bridges",
            "Crossing the river",
            """
            Stone *arches* carry the road.
            Steel *cables* hold the deck.
            Before, a ferry crossed the *river*.
            Engineers check every *pillar*.
            """,
        ),
        _topic(
            "post",
            "A letter arrives",
            """
            She sticks a *stamp* on it.
            It falls into the *mailbox*.
            A carrier sorts every *envelope* by street.
            Two days later the *letter* reaches her aunt.
            """,
        ),
        _topic(
            "fire",
            "A house in flames",
            """
            *Smoke* comes out of the attic.
            The *alarm* rings and the crew runs to the truck.
            Water shoots from the *hose*.
            Soon only wet *ashes* are left.
            """,
        ),
        _topic(
            "camping",
            "Nights outdoors",
            """
            The *tent* stands under tall trees.
            They cook beans over the *campfire*.
            *Sleeping bags* keep them warm.
            In the morning they *hike* on.
            """,
        ),
    ),
}
