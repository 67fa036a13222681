"""Dates and time: days of the week, months, the clock, and days across the end of a month.

It does not know time zones or leap years: no question touches the end of February.
"""

from __future__ import annotations

from tunix_rt.tasks.dev_reasoning.family import BySplit, Draft, Family, World, counted, words
from tunix_rt.tasks.dev_reasoning.words import NAMES

WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = words("January February March April May June July August September October November December")
MONTH_DAYS = (31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31)

_DAY_AFTER: BySplit[str] = {
    "train": (
        "Today is {d}. What day is it in {k} days?",
        "The shop opens on {d}. The sale begins {k} days later. On which day of the week?",
        "{n} leaves on a {d} and comes back {k} days later. Which day of the week is that?",
        "A parcel was sent on {d}. It arrives after {k} days. Name the day of the week.",
        "What day of the week comes {k} days after {d}?",
    ),
    "heldout": (
        "If it is {d} now, give the weekday {k} days from now.",
        "{n} plants a seed on {d}; it sprouts {k} days on. On what weekday does it sprout?",
        "Counting {k} days forward from {d}, which weekday do you reach?",
    ),
    "dev": (
        "Starting at {d}, move ahead {k} days in the week. Where do you land?",
        "{n} has a test {k} days past {d}. State its weekday.",
    ),
}
_DAY_BEFORE: BySplit[str] = {
    "train": (
        "Today is {d}. What day was it {k} days ago?",
        "Count back {k} days from {d}. Name the day of the week.",
        "What day of the week comes {k} days before {d}?",
        "The film starts on {d}. {n} bought the ticket {k} days earlier. Which day was that?",
    ),
    "heldout": (
        "If it is {d} now, give the weekday {k} days back.",
        "{n} woke up ill {k} days prior to {d}. On what weekday was it?",
    ),
    "dev": ("Starting at {d}, move back {k} days in the week. Where do you land?",),
}
_MONTH_AFTER: BySplit[str] = {
    "train": (
        "Which month comes {k} months after {m}?",
        "{n} starts a course in {m}. It ends {k} months later. In which month does it end?",
        "It is {m}. What month is it in {k} months?",
        "A house is begun in {m} and is ready {k} months later. Name the month.",
        "Go {k} months past {m}. Which month is it?",
        "{n} bakes a cake in {m} and again {k} months later. Which month is that?",
    ),
    "heldout": (
        "Counting {k} months forward from {m}, which month do you reach?",
        "{n} rents a room from {m} and moves out {k} months on. Give the month of moving out.",
        "With {m} as the present month, name the month {k} months from now.",
        "A cheese made in {m} is ripe {k} months on. What month is that?",
    ),
    "dev": (
        "Starting at {m}, move ahead {k} months in the year. Where do you land?",
        "{n} was born in {m}; the sister came {k} months past it. State the sister's month.",
        "A ship sails in {m} and docks {k} months onward. In what month does it dock?",
    ),
}

_CLOCK: BySplit[str] = {
    "train": (
        "A train leaves at {t} and travels for {k} minutes. When does it arrive? Answer as HH:MM.",
        "It is {t}. What time is it in {k} minutes? Answer as HH:MM.",
        "{n} walks to school in {k} minutes and leaves at {t}. When is {n} there? Answer as HH:MM.",
        "The bus should come at {t} but is {k} minutes late. When does it come? Answer as HH:MM.",
        "{n} starts reading at {t} and reads for {k} minutes. When does {n} stop? Answer as HH:MM.",
        "The cake goes into the oven at {t} and bakes {k} minutes. When is it done? Answer as HH:MM.",
    ),
    "heldout": (
        "Give the time {k} minutes after {t}, written as HH:MM.",
        "A lesson that begins at {t} lasts {k} minutes. At what time is it over? Write HH:MM.",
        "{n} set off at {t}; the walk took {k} minutes. Note the arrival as HH:MM.",
    ),
    "dev": (
        "Add {k} minutes to the clock time {t} and write HH:MM.",
        "The show opens at {t} and runs {k} minutes. State the end in the form HH:MM.",
    ),
}

_DATE: BySplit[str] = {
    "train": (
        "It is {d} {m}. {m} has {size} days. What is the date in {k} days? Answer as day and month, like 5 June.",
        "{n} leaves on {d} {m} and returns {k} days later. {m} has {size} days. When is that? Answer like 5 June.",
        "A bill of {d} {m} is due after {k} days. {m} has {size} days. On which date is it due? Answer like 5 June.",
        "{m} has {size} days. Which date comes {k} days after {d} {m}? Answer like 5 June.",
        "The fair begins on {d} {m} and ends {k} days later. {m} has {size} days. Give the last day, like 5 June.",
    ),
    "heldout": (
        "Count {k} days on from {d} {m} ({size} days in {m}). Which date is it? Write it like 8 June.",
        "Milk packed on {d} {m} keeps for {k} days. With {size} days in {m}, until what date? Write it like 8 June.",
    ),
    "dev": ("{m} is {size} days long. Name the date {k} days past {d} {m}, in the form 3 June.",),
}


def weekday(world: World) -> Draft:
    """A weekday some days after or before another one, by counting."""
    start, back = world.number(0, 6), world.chance(0.35)
    k = world.number(1, 3) if back else world.number(1, 5)
    passed = [WEEKDAYS[(start + (-i if back else i)) % 7] for i in range(1, k + 1)]
    prompt = world.ask(_DAY_BEFORE if back else _DAY_AFTER, d=WEEKDAYS[start], k=k, n=world.choose(NAMES))
    prompt = prompt.replace("1 days", "1 day")
    steps = [
        f"Count {'back' if back else 'on'} from {WEEKDAYS[start]}: {counted(passed)}.",
        f"Day {k} is {passed[-1]}.",
    ]
    return Draft(prompt, steps, passed[-1], "choice", 1 if k < 3 else 2, choices=WEEKDAYS)


def month(world: World) -> Draft:
    """A month some months after another one, by counting."""
    start, k = world.number(0, 11), world.number(1, 5)
    passed = [MONTHS[(start + i) % 12] for i in range(1, k + 1)]
    prompt = world.ask(_MONTH_AFTER, m=MONTHS[start], k=k, n=world.choose(NAMES)).replace("1 months", "1 month")
    steps = [f"Count on from {MONTHS[start]}: {counted(passed)}.", f"Month {k} is {passed[-1]}."]
    return Draft(prompt, steps, passed[-1], "choice", 1 if k < 3 else 2, choices=MONTHS)


def clock(world: World) -> Draft:
    """A clock time some minutes later, within the hour or past it."""
    hour, minute, k = world.number(6, 21), 5 * world.number(1, 11), 5 * world.number(2, 10)
    total = minute + k
    steps = [f"{minute} + {k} = {total} minutes"]
    if total >= 60:
        steps += [f"{total} - 60 = {total - 60} minutes", f"{hour} + 1 = {hour + 1} hours"]
        hour, total = hour + 1, total - 60
    else:
        steps.append(f"{total} is below 60, so the hour stays {hour}.")
    answer = f"{hour:02d}:{total:02d}"
    start = f"{hour if len(steps) == 2 else hour - 1:02d}:{minute:02d}"
    steps.append(f"The time is {answer}.")
    prompt = world.ask(_CLOCK, t=start, k=k, n=world.choose(NAMES))
    return Draft(prompt, steps, answer, "time", 2 if len(steps) == 3 else 3)


def date(world: World) -> Draft:
    """A date some days later, past the end of the month."""
    index = world.pick((0, 2, 3, 4, 5, 6, 7, 8, 9, 10))
    size, left, k = MONTH_DAYS[index], world.number(1, 12), world.number(13, 28)
    d, day, following = size - left, k - left, MONTHS[index + 1]
    prompt = world.ask(_DATE, d=d, m=MONTHS[index], size=size, k=k, n=world.choose(NAMES))
    steps = [
        f"{size} - {d} = {left} {'day' if left == 1 else 'days'} until {MONTHS[index]} ends",
        f"{k} - {left} = {day}",
        f"The date is {day} {following}.",
    ]
    return Draft(prompt, steps, f"{day} {following}", "date", 4)


FAMILIES = (
    Family("weekday", "dates-and-time", weekday),
    Family("month", "dates-and-time", month),
    Family("clock", "dates-and-time", clock),
    Family("date", "dates-and-time", date),
)
