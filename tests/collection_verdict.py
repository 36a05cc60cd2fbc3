"""What became of the charges that were wanted: by the provider's book and by Odoo's."""

import json
import logging
import os
from collections import Counter, defaultdict

_logger = logging.getLogger(__name__)

# Where make soak wants the figures, a line of JSON for each proof.
REPORT = os.environ.get("SUBSCRIPTIONS_SOAK_REPORT")

# States in which people are told, by a hold and an activity.
TOLD = {
    "unknown": "payment_unknown",
    "declined": "payment_declined",
    "failed": "payment_declined",
}
# States in which nothing is lost: somebody, or a notification, goes on from there.
WAITING = {*TOLD, "pending", "no_method"}

WANTED = """
    SELECT sale.name || '-' || sale.id || '-' || to_char(period.date_from, 'YYYYMMDD'),
           move.state, move.payment_state, collection.state, sale.hold,
           (SELECT count(*) FROM mail_activity activity
             WHERE activity.res_model = 'sale.order' AND activity.res_id = sale.id
               AND activity.active),
           (SELECT count(*) FROM payment_transaction tx
              JOIN account_payment payment ON payment.id = tx.payment_id
             WHERE tx.collection_id = collection.id
               AND payment.state IN ('in_process', 'paid')),
           collection.reason, move.amount_total::float8, currency.name
      FROM subscription_period period
      JOIN sale_order sale ON sale.id = period.order_id
      JOIN account_move move ON move.id = period.move_id
      JOIN res_currency currency ON currency.id = move.currency_id
      LEFT JOIN subscription_collection collection ON collection.move_id = move.id
     WHERE period.state != 'void' AND period.order_id = ANY(%s)
  ORDER BY period.id
"""


class Verdict:
    """Figures of one proof, and what is wrong with it.

    :ivar int wanted: periods that are billed, and so are to be charged
    :ivar int captured: of these, charged by the provider's book at least once
    :ivar int doubles: charges of a period that was charged already
    :ivar int lost: neither charged nor held: nobody would ever look
    :ivar dict states: state and number of captures, by charge
    :ivar Counter held: not known to be paid, and somebody is told, by the state
    :ivar list wrong: sentences
    """

    def __init__(self, rows, captures, over=True):
        """Compare.

        :param list rows: what WANTED selects
        :param list captures: reference, amount and currency of what was captured
        :param bool over: whether nothing is to be charged any more
        """
        self.over = over
        self.states = {}
        self.held = Counter()
        self.wrong = []
        self.lost = self.doubles = self.captured = 0
        by_charge = defaultdict(list)
        for reference, *money in captures:
            by_charge[reference.rpartition("-")[0]].append((reference, *money))
        self.wanted = len(rows)
        for charge, *row in rows:
            self._judge(charge, by_charge.pop(charge, []), *row)
        for references in by_charge.values():
            self.wrong.append(f"charged, and nobody knows for what: {references}")

    def _judge(
        self,
        charge,
        taken,
        move,
        payment,
        state,
        hold,
        activities,
        payments,
        reason,
        *money,
    ):
        self.states[charge] = (state, len(taken))
        self.captured += bool(taken)
        if len(taken) > 1:
            self.doubles += len(taken) - 1
            self.wrong.append(f"charged {len(taken)} times: {charge} {taken}")
        paid = payment in ("paid", "in_payment")
        if (state == "paid") != paid or (paid and payments != 1) or payments > 1:
            self.wrong.append(
                f"{charge} is {state}, its invoice {move} and {payment} by {payments}"
            )
        if state == "paid":
            if not taken:
                self.wrong.append(f"paid, and the provider took nothing: {charge}")
            elif tuple(taken[0][1:]) != tuple(money):
                self.wrong.append(f"paid, and not {money} was taken: {taken}")
        elif state in WAITING:
            self.held[state] += 1
            self._judge_held(charge, taken, state, hold, activities, reason)
        elif self.over:
            self.lost += 1
            self.wrong.append(f"forgotten: {charge} is {state}")

    def _judge_held(self, charge, taken, state, hold, activities, reason):
        if taken and state not in ("unknown", "pending"):
            self.wrong.append(f"charged, and will be again: {charge} is {state}")
        if state in TOLD and hold != TOLD[state]:
            self.wrong.append(f"{charge} is {state}, its contract held by {hold}")
        if state in TOLD and not (hold and activities and reason):
            self.wrong.append(f"{charge} is {state}, and nobody is told why")

    def get_figures(self):
        return {
            "wanted": self.wanted,
            "captured": self.captured,
            "doubles": self.doubles,
            "lost": self.lost,
            "held": dict(self.held),
            "wrong": len(self.wrong),
        }

    def publish(self, proof, **more):
        """Tell the figures, to the log and to make soak."""
        figures = {"proof": proof, **self.get_figures(), **more}
        publish(figures)


def publish(figures):
    """Tell figures, to the log and to make soak."""
    _logger.info("figures: %s", figures)
    if REPORT:
        with open(REPORT, "a", encoding="utf-8") as report:
            report.write(json.dumps(figures) + "\n")
