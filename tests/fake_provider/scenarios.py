"""What a token can say about the charges made with it."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Play:
    """What the provider does with a charge, and what it then says, if anything.

    :ivar str state: done, refused or pending: what becomes of the charge; empty if it
        is never looked at
    :ivar str speech: how it is told: answer, silence, reset, or an HTTP status
    :ivar str reason: why it was refused
    :ivar bool known: whether the key remembers the speech, rather than what became of
        the charge
    :ivar str settled: what becomes of a pending charge some day
    :ivar str wrong: what of the amount is wrong
    """

    state: str = ""
    speech: str = "answer"
    reason: str = ""
    known: bool = False
    settled: str = ""
    wrong: str = ""


SCENARIOS = {
    "ok": Play("done"),
    "slow": Play("done"),
    "ok_notified": Play("done"),  # and the notification is there before the answer
    "soft": Play("refused", reason="insufficient_funds"),
    "hard": Play("refused", reason="stolen_card"),
    "soft402": Play("refused", "402", reason="insufficient_funds"),
    "hard402": Play("refused", "402", reason="stolen_card"),
    "timeout_before": Play(speech="silence"),
    "timeout_after": Play("done", "silence"),
    "timeout_refused": Play("refused", "silence", reason="insufficient_funds"),
    "never": Play(speech="silence"),
    "error500_before": Play(speech="500"),
    "error500_after": Play("done", "500"),
    "error500_kept": Play("done", "500", known=True),
    "reset_before": Play(speech="reset"),
    "reset_after": Play("done", "reset"),
    "garbled_before": Play(speech="garbled"),
    "garbled_after": Play("done", "garbled"),
    "busy": Play(speech="429"),
    "key_invalid": Play(speech="401"),
    "wrong_amount": Play("done", wrong="amount"),
    "wrong_currency": Play("done", wrong="currency"),
    "pending_done": Play("pending", settled="done"),
    "pending_refused": Play("pending", settled="refused", reason="insufficient_funds"),
    "pending_forever": Play("pending"),
}


def get_scenario(token, number):
    """Return what a token says about its how manieth call, as name and argument.

    :param str token: [style/]scenario[:argument][*times][,scenario…][#anything]
    """
    plays = token.partition("#")[0].rpartition("/")[2].split(",")
    for play in plays:
        name, _star, times = play.partition("*")
        if not times:
            break
        number -= int(times)
        if number <= 0:
            break
    name, _colon, argument = name.partition(":")
    return name, argument
