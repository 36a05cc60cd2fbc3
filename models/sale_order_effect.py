"""What a change would charge, give back and bill next, before it is made.

Worked out by the methods that bill, which count a change that is only supposed as one
that is planned. Nothing is written for it, so nothing has to be taken back.
"""

from odoo import models

from ..engine import within_calendar
from ..engine.period import ONE_DAY


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _suppose_change(self, kind, day, **values):
        """Return a change that is not saved.

        :param str kind: its kind
        :param date day: first day it counts
        :rtype: subscription.change
        """
        self.ensure_one()
        # sudo: as if the contract's methods had written it
        Change = self.env["subscription.change"].sudo()
        return Change.new(
            {
                "order_id": self.id,
                "kind": kind,
                "date": day,
                "state": "scheduled",
                **values,
            }
        )

    def _get_supposed_changes(self):
        """Return the changes that are supposed to be planned, mostly none.

        :rtype: subscription.change
        """
        # Records, which no context that comes from outside can hold.
        supposed = self.env.context.get("subscription_supposed_changes")
        if isinstance(supposed, models.BaseModel) and supposed.order_id == self:
            return supposed
        return self.env["subscription.change"]

    def _get_supposed_revoked(self):
        """Return the planned changes that are supposed to be taken back.

        :rtype: subscription.change
        """
        revoked = self.env["subscription.change"].sudo()  # sudo: the contract's own
        asked = self.env.context.get("subscription_supposed_revoked")
        if isinstance(asked, models.BaseModel):  # see above
            revoked |= asked.with_env(revoked.env)
        for change in self._get_supposed_changes():
            revoked |= change._get_overtaken()
        return revoked

    def _get_effect(self, changes):
        """Return what changes charge and give back, and the invoice that follows.

        :param changes: the changes, see `_suppose_change`
        :return: charged, credited: untaxed amounts on the changes' days, for periods
            that are billed; charged_total, credited_total: the same with taxes.
            date_from, date_to, invoice_date, amount_untaxed, amount_tax, amount_total:
            the first period billed with the changes; missing where none is
        :rtype: dict
        """
        self.ensure_one()
        # sudo: what it costs does not depend on who reads invoices and taxes
        order = self.sudo()
        charges, credits = [], []
        for change in changes:
            more, less = change._get_supplements()
            charges += more
            credits += less
        billing = self.env["subscription.billing"]
        charged = billing._get_charged_amounts(order, charges)
        credited = billing._get_credited_amounts(order, credits)
        return {
            "charged": charged["amount_untaxed"],
            "charged_total": charged["amount_total"],
            "credited": credited["amount_untaxed"],
            "credited_total": credited["amount_total"],
            **order._get_first_invoice_with(changes),
        }

    def _get_first_invoice_with(self, changes):
        """Return what the first period that has all changes in it comes to.

        :param changes: the changes
        :rtype: dict
        """
        order = self.with_context(subscription_supposed_changes=changes)
        day = max(changes.mapped("date"))
        timeline = order._get_timeline()
        start = order.next_invoice_date or (
            order.paid_until and order.paid_until + ONE_DAY
        )
        if "plan" in changes.mapped("kind") and (not start or start > day):
            start = day  # what is billed beyond it is cut, and given back
        for period in within_calendar(timeline.periods(start)):
            if order.close_date and period.start >= order.close_date:
                break
            if period.end < day or period.free:
                continue
            if order._is_paused_throughout(period):
                continue
            amounts = self.env["subscription.billing"]._get_period_amounts(
                order, order._with_done_days(period), period.start == start
            )
            return {
                "date_from": period.start,
                "date_to": period.end,
                "invoice_date": max(timeline.invoice_date(period), self._get_today()),
                **amounts,
            }
        return {}
