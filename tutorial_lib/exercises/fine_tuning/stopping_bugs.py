"""Known bugs of exercise 3.5: how patience grows, what counts as news, which epoch is told."""

import operator
from collections.abc import Callable
from functools import partial

from tutorial_lib.exercises.core import KnownBug
from tutorial_lib.exercises.mistakes import fine_tuning_network as mistakes


def stopping(name: str, message: str, **switches: object) -> KnownBug:
    """Declare what `mistakes.stopping` does with some of its switches turned."""
    return KnownBug(name, partial(mistakes.stopping, **switches), message)


def growing(name: str, message: str, grow: Callable[[float, int, float], float]) -> KnownBug:
    """Declare another way to raise the patience."""
    return stopping(name, message, grow=grow)


KNOWN_BUGS = (
    KnownBug(
        "stops after a standstill",
        mistakes.stopping_after_standstill,
        "You stop after so many epochs without a new best. Other libraries do; but here the "
        "patience is an epoch number, which good news puts off.",
    ),
    KnownBug(
        "standstill, one epoch late",
        partial(mistakes.stopping_after_standstill, stops=operator.gt),
        "You count the epochs since the last new best, and stop when they are more than the "
        "patience. Here the patience is an epoch number, which good news puts off.",
    ),
    KnownBug(
        "patience counted from the last good news",
        partial(mistakes.stopping_after_standstill, only_news=True),
        "You give each piece of good news the same time. Here the patience is an epoch number, "
        "and news raises it to a multiple of the present epoch: late news buys more time.",
    ),
    KnownBug(
        "growing patience counted from the best",
        partial(mistakes.stopping_after_standstill, grows=True),
        "Your patience grows as it should. But it is an epoch number, to be compared with the "
        "epoch itself, and not with the epochs since the best.",
    ),
    KnownBug(
        "stops at the first setback",
        mistakes.stopping_at_first_setback,
        "You stop at the first epoch that is no better, and never use the patience. But the "
        "curve trembles: a bad epoch is not the end.",
    ),
    growing(
        "patience never grows",
        "You stop when the patience you were given is used up, whatever the errors did. Is it "
        "ever raised? Ask about clear news before you take the new best: no error is clearly "
        "below itself.",
        lambda patience, epoch, increase: patience,
    ),
    growing(
        "patience can shrink",
        "Your patience is always that of the last good news, even if that is less than it "
        "was: good news in epoch 1 makes you stop in epoch 2.",
        lambda patience, epoch, increase: epoch * increase,
    ),
    growing(
        "patience plus the increase",
        "You add the increase to the patience. What is asked for is a multiple of the present "
        "epoch: late news buys more time than early news.",
        lambda patience, epoch, increase: patience + increase,
    ),
    growing(
        "patience times the increase",
        "You multiply the patience itself, and so it doubles with each piece of good news. "
        "It is the present epoch that is multiplied.",
        lambda patience, epoch, increase: patience * increase,
    ),
    growing(
        "patience added up",
        "You add to the patience where the larger of two should be taken.",
        lambda patience, epoch, increase: patience + epoch * increase,
    ),
    stopping(
        "multiple of the old best epoch",
        "You multiply the epoch of the best before, which is out of date when news comes. It is "
        "the present epoch that is multiplied.",
        raised_to=lambda epoch, best_epoch: best_epoch,
    ),
    growing(
        "patience rounded",
        "You cut the patience down to a whole number. A patience of 4.5 is used up at the end "
        "of epoch 5, not of epoch 4.",
        lambda patience, epoch, increase: int(max(patience, epoch * increase)),
    ),
    stopping(
        "threshold on the wrong side",
        "The threshold stands on the wrong side: as you have it, even an error a little above "
        "the best makes you more patient. It has to make the demand stricter.",
        is_news=lambda error, best, threshold: error * threshold < best,
    ),
    stopping(
        "threshold reached",
        "An error that only reaches the threshold counts as clear news with you. It has to fall "
        "below.",
        is_news=lambda error, best, threshold: error <= best * threshold,
    ),
    stopping(
        "threshold taken for the improvement",
        "You take the threshold for the share by which the error must fall. It is the share of "
        "the best so far that it must fall below.",
        is_news=lambda error, best, threshold: error < best * (1 - threshold),
    ),
    stopping(
        "threshold subtracted",
        "You subtract the threshold from the best so far. It is a share: the best is to be "
        "multiplied by it.",
        is_news=lambda error, best, threshold: error < best - threshold,
    ),
    stopping(
        "best begins at 100",
        "Your best begins at a number such as 100, and an error may lie above it. Begin where no "
        "error can lie.",
        starts_at=lambda errors: 100,
    ),
    stopping(
        "first epoch is no news",
        "You begin with the first error as the best, and so it is never news. But the first "
        "epoch is: it beats having nothing, and raises a small patience.",
        starts_at=lambda errors: errors[0],
    ),
    stopping(
        "threshold ignored",
        "Every new best makes you more patient. Only one that is clearly lower should: below "
        "improvement_threshold times the best so far.",
        any_improvement=True,
    ),
    stopping(
        "best needs the threshold",
        "You take note of a new best only if it is clearly lower. For the patience it has to "
        "be; but the best is the best, by however little.",
        best_needs_threshold=True,
    ),
    stopping(
        "compared with the epoch before",
        "You compare with the error before, and so a recovery from a bad epoch looks like "
        "progress. Compare with the best so far.",
        compared_with_last=True,
    ),
    stopping(
        "a tie counts",
        "An error that only equals the best is not better: the first of equals stays the best.",
        ties_count=True,
    ),
    stopping(
        "one epoch late",
        "You stop one epoch after the patience is used up: an epoch of that number ends it.",
        stops=operator.gt,
    ),
    stopping(
        "stop noticed one epoch later",
        "You look whether the epoch has passed the patience when the next one has begun, so the "
        "last epoch you tell is one too many.",
        stops=lambda epoch, patience: False,
        stops_before=operator.gt,
    ),
    stopping(
        "last epoch not looked at",
        "You stop before you look at the error of the last epoch. It was trained: it may be the "
        "best, or be the news that puts off the stop.",
        stops_before=operator.ge,
    ),
    stopping(
        "looks past the stop",
        "Your best epoch comes after training has stopped. Nobody will ever see that error.",
        looks_ahead=True,
    ),
    stopping(
        "epochs counted from 0",
        "You count epochs from 0, in the rule as well. The first is number 1; it matters, "
        "since epochs are multiplied here.",
        first=0,
    ),
    KnownBug(
        "index instead of epoch",
        mistakes.stopping_by_index,
        "Both numbers are 1 too small: places in the list, where epochs were asked for.",
    ),
    KnownBug(
        "the two swapped",
        mistakes.stopping_swapped,
        "Both numbers are right, but the other way round.",
    ),
    stopping(
        "all epochs",
        "The first number is that of all the errors you were given. Asked for is the epoch at "
        "whose end training stops.",
        told=lambda epoch, best_epoch, best_error, patience, errors: (len(errors), best_epoch),
    ),
    stopping(
        "patience instead of the last epoch",
        "The first number is your patience. The errors may end before it, and it need not be a "
        "whole number; tell the epoch that was reached.",
        told=lambda epoch, best_epoch, best_error, patience, errors: (patience, best_epoch),
    ),
    stopping(
        "error instead of its epoch",
        "The second number is the best error. Asked for is the epoch that had it.",
        told=lambda epoch, best_epoch, best_error, patience, errors: (epoch, best_error),
    ),
)
