"""Processes."""

from __future__ import annotations

from typing import Final

from tests.reliability.case import Case

TITLE: Final = "Processes"
CASES: Final[tuple[Case, ...]] = (
    Case(
        "G01",
        "A worker is killed at any named step",
        "Every record is in the books once, every document at the platform once",
    ),
    Case(
        "G02",
        "A worker of the queue is killed while it waits, which can hang the whole queue",
        "The watchdog sees that work waits and nobody is at it, and has the queue restarted; nothing is lost",
    ),
    Case(
        "G03",
        "The process that confirms tasks is killed: tasks come again and again",
        "A bell that rings again does no harm",
    ),
    Case(
        "G04",
        "The process that guards the others is stuck",
        "As when the queue hangs: the watchdog sees it",
    ),
    Case(
        "G05",
        "The main process is killed and its children go on",
        "Old and new ones share the work table; each job is held by one session",
    ),
    Case(
        "G06",
        "A task lasts longer than its redelivery, or waits so long in memory",
        "It runs twice, and the second finds nothing to do",
    ),
    Case(
        "G07",
        "A job kills its worker every time",
        "Attempts are counted before the work: after eight the job is dead and takes no other along",
    ),
    Case(
        "G08",
        "Two queues, or two schedulers, run at once",
        "Each schedule is claimed once, each job run once",
    ),
    Case(
        "G09",
        "A schedule of the queue is malformed, and stops all of them",
        "Schedules are made by code alone; the doctor names others, and the watchdog sees that work waits",
    ),
    Case(
        "G10",
        "Everything was down for a night",
        "One run makes up for it, and not one for each that was missed",
    ),
    Case(
        "G11",
        "Workers are asked to stop with jobs in hand",
        "They end the step in hand, give back what they claimed and go; a kill after that is as safe as any",
    ),
    Case(
        "G12",
        "Old code meets rows of newer code, and newer code rows of old",
        "What is not understood is left to newer code, uncounted; rows of before are read",
    ),
    Case(
        "G13",
        "A worker needs more and more memory",
        "It is recycled, or ends and is started anew; a kill by the system is as safe as any",
    ),
    Case(
        "G14",
        "A row makes its job fail every time, or cannot even be read",
        "It is given up with its error after eight attempts; all others go on",
    ),
)
