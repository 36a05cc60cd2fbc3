"""The states of a contract and the moves between them, as one table."""

DRAFT, PROGRESS, PAUSED, RENEWED, CHURNED = STATES = (
    "draft",
    "progress",
    "paused",
    "renewed",
    "churned",
)

MOVES = {
    DRAFT: {PROGRESS},
    PROGRESS: {DRAFT, PAUSED, RENEWED, CHURNED},  # draft: cancelled, never billed
    PAUSED: {DRAFT, PROGRESS, RENEWED, CHURNED},
    RENEWED: {PROGRESS},  # its renewal was cancelled
    CHURNED: {PROGRESS, RENEWED},  # reopened; its fixed term renewed late
}
# What has monthly recurring revenue, and what may be billed by the run.
LIVE = {PROGRESS, PAUSED}
BILLABLE = {PROGRESS}


class InvalidMove(ValueError):
    """A change of state that the table does not allow."""


def can_move(state, target):
    """Tell whether a contract may go from one state to another."""
    return target in MOVES.get(state, ())


def check_move(state, target):
    """Return the target state, or raise :class:`InvalidMove`."""
    if not can_move(state, target):
        raise InvalidMove(f"{state} -> {target}")
    return target
