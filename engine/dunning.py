"""Dunning: on which days after a failed payment something is done.

Days count from the day of the first failure, which is day 0. A policy's steps stand on
some of them and its last action on a later one. Lago, Stripe and Kill Bill count alike;
what is done on a day is not decided here.
"""

from datetime import date, timedelta


def reached_steps(days: list[int], done: int, elapsed: int) -> list[int]:
    """Return the days of the steps that are due and not done, in order.

    A run that was missed leaves several behind: they are all returned, and it is the
    caller's to make one of them.

    :param days: the days of all steps, in any order
    :param done: day of the last step that was done, -1 for none
    :param elapsed: days since the first failure
    """
    return sorted(day for day in days if done < day <= elapsed)


def next_day(days: list[int], done: int, last: int | None) -> int | None:
    """Return the day on which something is to be done next, None when nothing is.

    :param days: the days of all steps, in any order
    :param done: day of the last step that was done, -1 for none
    :param last: day of the last action, None without one
    """
    later = [day for day in days if day > done]
    if last is not None:
        later.append(last)
    return min(later, default=None)


def date_of(failed_on: date, day: int) -> date:
    """Return the date of a day of the policy.

    :param failed_on: the date of the first failure
    :param day: days after it
    """
    return failed_on + timedelta(days=day)
