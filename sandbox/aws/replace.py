"""Replacing parts of MiniStack, loudly.

Every gap is closed by exchanging a function of MiniStack. An upgrade that moves, renames or re-parametrises one of
them must stop the emulator at start, not leave a gap silently open.
"""

import functools
import inspect
from importlib.metadata import version


class MiniStackMoved(SystemExit):
    """The installed MiniStack is not the one that this code was written for."""


def existing(owner, name: str, parameters: str):
    """`owner.name`, when it is a function with exactly these parameters (names, separated by blanks).

    :raises MiniStackMoved: when there is none, or with others.
    """
    found = getattr(owner, name, None)
    actual = " ".join(inspect.signature(found).parameters) if callable(found) else None
    if actual != parameters:
        has = "no such function" if actual is None else f"({actual})"
        raise MiniStackMoved(
            f"MiniStack {version('ministack')} has moved {owner.__name__}.{name}: expected ({parameters}), found {has}. "
            "Install the version that sandbox/aws/requirements.txt names, or adapt the replacement in sandbox/aws."
        )
    return found


def replace(owner, name: str, parameters: str):
    """Decorator that puts a function in the place of `owner.name`; it gets the original as its first argument."""
    original = existing(owner, name, parameters)

    def install(replacement):
        bound = functools.update_wrapper(functools.partial(replacement, original), original)
        setattr(owner, name, bound)
        # Dispatch tables hold the function itself, not its name.
        for table in [value for value in vars(owner).values() if isinstance(value, dict)]:
            for key in [key for key, value in table.items() if value is original]:
                table[key] = bound
        return replacement

    return install


def making(store, original, request) -> tuple:
    """What `original` answers to a request, and the keys of what it has put into `store`."""
    before = set(store)
    response = original(request)
    return response, set(store) - before


def refuse(owner, name: str, parameter: str, problem, answer) -> None:
    """Has `owner.name`, a function of one request, `answer` with the code and message that `problem` finds in it, if any."""

    @replace(owner, name, parameter)
    def checked(original, request):
        found = problem(request)
        return answer(*found, 400) if found else original(request)
