"""The demonstration firm's contracts that are paid by themselves, most of the time."""

import random
from dataclasses import dataclass
from datetime import timedelta

from dateutil.relativedelta import relativedelta

from odoo import api, models
from odoo.exceptions import ValidationError
from odoo.fields import Date

from .payment_provider_call import ProviderCall
from .subscription_demo import Deal

PLAN = "demo_plan_automatic_payment"
# In the reference of a payment method: its provider does not answer.
SILENT = "no answer"


@dataclass(frozen=True)
class Payer:
    """A contract whose payment method is charged.

    The last of its invoices was made `billed` days ago, after so many months. The first
    try for it fails if `fails` names a state, and works again `works` days ago.
    """

    months: int
    billed: int
    seats: int
    fails: str = ""  # error, silent; none for no saved method
    works: int = 0


PAYERS = (
    Payer(14, 25, 12),
    Payer(9, 12, 6),
    Payer(6, 20, 9),
    Payer(3, 8, 4),
    Payer(7, 11, 7, fails="error", works=8),  # recovered by the second try
    Payer(10, 17, 5, fails="error", works=12),
    Payer(5, 3, 8, fails="error"),  # declined, and dunned
    Payer(8, 3, 14, fails="silent"),  # nobody knows
    Payer(4, 21, 3, fails="error"),  # closed by the policy
    Payer(2, 6, 10, fails="none"),  # pays by link
)


class SubscriptionDemo(models.AbstractModel):
    _inherit = "subscription.demo"

    # === CONTRACTS === #

    @api.model
    def _make_charged(self, today):
        """Make the contracts that are paid with saved methods of the demo provider.

        :return: pairs of deal and order, as `_replay` takes them; none where the demo
            provider is not installed
        :rtype: list
        """
        provider = self.env.ref("payment.payment_provider_demo", False)
        if not provider or provider.code != "demo" or not provider.journal_id:
            return []
        method = self.env.ref("payment_demo.payment_method_demo")
        method.active = True
        provider.write(
            {"state": "test", "is_published": True, "allow_tokenization": True}
        )
        provider.payment_method_ids |= method
        draw = random.Random(43)
        deals = [self._get_charged_deal(payer, today) for payer in PAYERS]
        orders = self._make_orders(deals, today, draw)
        contracts = list(zip(deals, orders, strict=True))
        for payer, (deal, order) in zip(PAYERS, list(contracts), strict=True):
            if payer.fails != "none":
                order.payment_token_id = self._create_token(provider, order, payer)
            if payer.works:
                works = Deal(PLAN, (), deal.age, story="works", told=payer.works)
                contracts.append((works, order))
        return contracts

    def _get_charged_deal(self, payer, today):
        billed = today - timedelta(days=payer.billed)
        return Deal(
            PLAN,
            (("seat_team", payer.seats, payer.seats),),
            (today - (billed - relativedelta(months=payer.months))).days,
            story=payer.fails if payer.fails in ("error", "silent") else "",
            # The days of months differ: early enough, and after the invoice before.
            told=payer.billed + 5 if payer.fails in ("error", "silent") else 0,
        )

    def _create_token(self, provider, order, payer):
        return self.env["payment.token"].create(
            {
                "provider_id": provider.id,
                "payment_method_id": provider.payment_method_ids[:1].id,
                "payment_details": str(1000 + 37 * payer.months * payer.seats),
                "partner_id": order.partner_id.id,
                "provider_ref": "demonstration",
                "demo_simulated_state": "done",
            }
        )

    # === HISTORY === #

    def _collect_day(self, orders, day):
        """Charge what is due, and do what dunning policies have for the day.

        As the scheduled action does, with the same methods; that one commits between
        them, which data files cannot.
        """
        # What comes of it is dated on the day: payments, messages.
        demo = self.with_context(default_date=Date.to_string(day))
        collector = demo.env["subscription.collector"]
        collections = orders.with_env(demo.env).collection_ids.filtered_domain(
            collector._get_due_domain()
        )
        for collection in collections.sorted("id"):
            if collector._begin(collection):
                moment = self._get_office_hour(day, random.Random(collection.id))
                collection.write(
                    {"last_attempt_date": moment, "first_call_date": moment}
                )
                self._call_provider(collector, collection)
                collector._record(collection)
        self._keep_mails_in(orders)

    def _call_provider(self, collector, collection):
        """Charge a method, or leave behind what a lost connection leaves."""
        tx = collection.transaction_id
        call = ProviderCall()
        if tx.token_id.provider_ref != SILENT:
            tx.with_context(subscription_call=call)._charge_with_token()
            return
        call.silent = True
        row = collector._read_row(tx)
        error = ValidationError(self.env._("The connection was lost."))
        collector._note_call(collection, row, row, error, call)

    def _keep_mails_in(self, orders):
        """Let nobody be written to about the past."""
        moves = orders.collection_ids.move_id.filtered("sending_data")
        moves.write({"sending_data": False, "is_move_sent": True})
        self.env["mail.mail"].search(
            [
                ("model", "=", "sale.order"),
                ("res_id", "in", orders.ids),
                ("state", "=", "outgoing"),
            ]
        ).unlink()

    # === STORIES === #

    def _story_error(self, order, day):
        """The customer's account is empty."""
        order.payment_token_id.demo_simulated_state = "error"

    def _story_works(self, order, day):
        """There is money on it again."""
        order.payment_token_id.demo_simulated_state = "done"

    def _story_silent(self, order, day):
        """The provider's line is down."""
        order.payment_token_id.provider_ref = SILENT
