"""Short texts by topic, each with a title, a topic word and a clue: the material of the summary family.

It does not know how questions are asked.
"""

from __future__ import annotations

from dataclasses import dataclass

from tunix_rt.tasks.dev_reasoning.family import BySplit


@dataclass(frozen=True)
class Topic:
    """Four sentences on one thing; any two of them show what it is about."""

    word: str
    title: str
    clue: str
    """What any two sentences have in common."""
    sentences: tuple[str, str, str, str]


TOPICS: BySplit[Topic] = {
    "train": (
        Topic(
            "bread",
            "How bread is made",
            "flour, dough, oven",
            (
                "The baker mixes flour, water and yeast.",
                "The dough rests until it has doubled.",
                "The loaves go into a hot oven.",
                "The crust turns brown and the kitchen smells good.",
            ),
        ),
        Topic(
            "bees",
            "The life of bees",
            "hive, honey, flowers",
            (
                "They fly from flower to flower for nectar.",
                "Their hive is full of honey.",
                "A queen lays all the eggs of the hive.",
                "Workers dance to show where flowers are.",
            ),
        ),
        Topic(
            "trains",
            "Travelling by rail",
            "tracks, station, wagons",
            (
                "The engine pulls ten wagons along the tracks.",
                "At the station people get on and off.",
                "The guard blows a whistle and the wheels turn.",
                "Tickets are checked in every wagon.",
            ),
        ),
        Topic(
            "rain",
            "A wet day",
            "clouds, drops, umbrellas",
            (
                "Dark clouds cover the sky.",
                "Drops run down the windows.",
                "People open their umbrellas.",
                "Puddles grow on the road.",
            ),
        ),
        Topic(
            "football",
            "A match on Sunday",
            "ball, goal, team",
            (
                "The striker kicks the ball into the goal.",
                "The referee shows a yellow card.",
                "Both teams have eleven players.",
                "After ninety minutes the score is two to one.",
            ),
        ),
        Topic(
            "teeth",
            "Keeping teeth healthy",
            "brush, sugar, dentist",
            (
                "Brush for two minutes every evening.",
                "Sugar helps holes to form in the enamel.",
                "A dentist looks into your mouth twice a year.",
                "Floss cleans where the brush cannot reach.",
            ),
        ),
        Topic(
            "volcanoes",
            "Mountains of fire",
            "lava, ash, crater",
            (
                "Hot lava flows down the slope.",
                "Ash rises high above the crater.",
                "Melted rock pushes up from deep below.",
                "After the eruption the rock cools and turns black.",
            ),
        ),
        Topic(
            "libraries",
            "A house full of books",
            "books, shelves, borrow",
            (
                "Long shelves hold thousands of books.",
                "You borrow a novel and bring it back later.",
                "The reading room is very quiet.",
                "A card shows who may take books home.",
            ),
        ),
        Topic(
            "winter",
            "The cold season",
            "snow, ice, coats",
            (
                "Snow lies on the roofs.",
                "The lake is covered by ice.",
                "Everyone wears a thick coat and gloves.",
                "The days are short and the nights are long.",
            ),
        ),
        Topic(
            "farms",
            "Work on a farm",
            "cows, fields, harvest",
            (
                "The cows are milked before sunrise.",
                "A tractor ploughs the field.",
                "Hens lay eggs in the barn.",
                "At harvest time the wheat is cut.",
            ),
        ),
        Topic(
            "money",
            "Saving a little",
            "coins, bank, spending",
            (
                "She puts two coins into a jar each week.",
                "The bank pays a little interest.",
                "He writes down what he spends.",
                "With a plan, there is enough left for a bicycle.",
            ),
        ),
        Topic(
            "sleep",
            "A good night",
            "bed, dreams, rest",
            (
                "The body rests in bed for eight hours.",
                "Dreams come late in the night.",
                "A dark and quiet room helps.",
                "Without rest it is hard to think the next day.",
            ),
        ),
        Topic(
            "painting",
            "Making a picture",
            "brush, colours, canvas",
            (
                "She dips the brush into blue.",
                "The colours dry slowly on the canvas.",
                "First he draws thin lines with a pencil.",
                "The finished work hangs in a frame.",
            ),
        ),
        Topic(
            "ships",
            "Across the sea",
            "captain, harbour, waves",
            (
                "The captain steers out of the harbour.",
                "Waves hit the bow.",
                "Containers are stacked on the deck.",
                "An anchor keeps it in place for the night.",
            ),
        ),
    ),
    "heldout": (
        Topic(
            "cheese",
            "From milk to cheese",
            "milk, curds, ripening",
            (
                "Milk is warmed and turns thick.",
                "The curds are cut and pressed.",
                "Wheels ripen in a cool cellar.",
                "Salt keeps the rind firm.",
            ),
        ),
        Topic(
            "owls",
            "Hunters of the night",
            "night, wings, prey",
            (
                "Soft wings make no sound.",
                "Large eyes see a mouse in the dark.",
                "They hunt while other birds rest.",
                "The head turns almost all the way round.",
            ),
        ),
        Topic(
            "bicycles",
            "On two wheels",
            "pedals, chain, brakes",
            (
                "The chain drives the back wheel.",
                "Press the pedals to go faster.",
                "Good brakes are needed downhill.",
                "A helmet protects the rider.",
            ),
        ),
        Topic(
            "storms",
            "When the wind is wild",
            "wind, thunder, damage",
            (
                "Thunder rolls over the hills.",
                "Strong wind breaks branches.",
                "Lightning strikes an old tower.",
                "Sailors stay in port until it has passed.",
            ),
        ),
        Topic(
            "chess",
            "A game of thought",
            "king, pawn, board",
            (
                "The king may move one square.",
                "A pawn reaches the far side of the board.",
                "White makes the first move.",
                "The game ends with checkmate.",
            ),
        ),
        Topic(
            "deserts",
            "Land without water",
            "sand, heat, drought",
            (
                "Sand dunes move with the wind.",
                "It almost never rains there.",
                "Cactus plants store water.",
                "The heat of noon is followed by a cold night.",
            ),
        ),
        Topic(
            "music",
            "Playing together",
            "violin, notes, concert",
            (
                "The violins begin very softly.",
                "A drummer keeps the beat.",
                "The notes are written on five lines.",
                "At the end of the concert people clap.",
            ),
        ),
        Topic(
            "gardens",
            "Growing vegetables",
            "seeds, soil, carrots",
            (
                "Seeds are put into loose soil.",
                "The carrots need water each evening.",
                "Weeds are pulled out by hand.",
                "Beans climb up a wooden stick.",
            ),
        ),
    ),
    "dev": (
        Topic(
            "tea",
            "A cup of tea",
            "leaves, kettle, cup",
            (
                "The kettle boils on the stove.",
                "Dry leaves colour the water brown.",
                "Wait three minutes before you fill the cup.",
                "Some people add lemon or sugar.",
            ),
        ),
        Topic(
            "penguins",
            "Birds on the ice",
            "swimming, eggs, cold",
            (
                "They cannot fly but swim very well.",
                "The father keeps the egg warm on his feet.",
                "A thick layer of fat holds out the cold.",
                "They slide over the ice on their bellies.",
            ),
        ),
        Topic(
            "bridges",
            "Crossing the river",
            "arches, cables, river",
            (
                "Stone arches carry the road.",
                "Steel cables hold the deck.",
                "Before, a ferry crossed the river.",
                "Engineers check every bolt.",
            ),
        ),
        Topic(
            "post",
            "A letter arrives",
            "stamp, letter, mailbox",
            (
                "She sticks a stamp on the envelope.",
                "The letter falls into the mailbox.",
                "A carrier sorts everything by street.",
                "Two days later it reaches her aunt.",
            ),
        ),
        Topic(
            "fire",
            "Putting out a fire",
            "smoke, hose, alarm",
            (
                "Smoke comes out of the attic.",
                "The alarm rings and the crew runs to the truck.",
                "Water shoots from the hose.",
                "Soon only wet ashes are left.",
            ),
        ),
        Topic(
            "camping",
            "Nights in a tent",
            "tent, forest, campfire",
            (
                "The tent stands under tall trees.",
                "They cook beans over the campfire.",
                "Sleeping bags keep them warm.",
                "In the morning they roll up everything and hike on.",
            ),
        ),
    ),
}
