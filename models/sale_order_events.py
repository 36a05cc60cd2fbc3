"""What the contract's MRR events are written from.

Whatever happens to a contract, its MRR and what it is counted under are compared with
what the last event left. Nobody who changes a contract has to think of it.
"""

from contextlib import contextmanager

from odoo import fields, models

from ..engine import lifecycle


class SaleOrder(models.Model):
    _inherit = "sale.order"

    event_ids = fields.One2many(
        comodel_name="subscription.event",
        inverse_name="order_id",
        string="MRR Events",
        readonly=True,
        copy=False,
    )
    event_snapshot = fields.Json(
        readonly=True,
        copy=False,
        help="What the last MRR event left; empty where the contract does not count.",
    )
    last_event_date = fields.Date(
        readonly=True, copy=False, help="Day of the last MRR event."
    )
    mrr_rate = fields.Float(
        string="MRR Exchange Rate",
        digits=0,
        readonly=True,
        copy=False,
        help="Units of the order's currency for one of the company's, on the day of "
        "the last MRR event.",
    )

    @contextmanager
    def _recording(self, **facts):
        """Write one set of MRR events for all that happens inside, at its end.

        Without it, each write would be an event of its own.

        :param date date: the day it counts on, default today
        :param str origin: reference of the document that made it
        :param str note: why, in words
        :param change: the subscription.change that made it
        """
        with self.env["subscription.recorder"]._open() as recording:
            recording.touch(self, facts)
            yield

    def _is_counted(self):
        """Tell whether the order is a contract that has an MRR: one in trial has none.

        :rtype: bool
        """
        self.ensure_one()
        return self._is_live_contract() and not self.in_trial

    def _may_have_events(self):
        """Tell without working anything out whether events may have to be written."""
        self.ensure_one()
        return bool(self.event_snapshot or (self.plan_id and self.state == "sale"))

    def _get_event_keys(self):
        """Return what the contract is counted under, as values of the event.

        Another of them moves all of the MRR from the old to the new. Hook: other addons
        may add fields of theirs.

        :return: values of subscription.event, plain ones
        :rtype: dict
        """
        self.ensure_one()
        return {
            "state": self.subscription_state,
            "company_id": self.company_id.id,
            "partner_id": self.partner_id.id,
            "commercial_partner_id": self.partner_id.commercial_partner_id.id,
            "country_id": self.partner_id.country_id.id or False,
            "plan_id": self.plan_id.id,
            "user_id": self.user_id.id or False,
            "team_id": self.team_id.id or False,
            "template_id": self.sale_order_template_id.id or False,
        }

    def _get_mrr_rate(self):
        """Return the rate the MRR is valued at: that of the day of its last event.

        :return: units of the order's currency for one of the company's
        :rtype: float
        """
        self.ensure_one()
        if self.currency_id == self.company_id.currency_id:
            return 1.0
        return self.mrr_rate or self.currency_rate or 1.0

    def _get_event_rate(self, day):
        """Return how much of the order's currency one of the company's is on a day.

        :rtype: float
        """
        self.ensure_one()
        currency = self.company_id.currency_id
        if currency == self.currency_id:
            return 1.0
        return self.env["res.currency"]._get_conversion_rate(
            currency, self.currency_id, self.company_id, day
        )

    def _get_event_day(self):
        """Return the day on which what just happened counts.

        A contract ends on the day it was to end, also when the run comes late.

        :rtype: date
        """
        self.ensure_one()
        today = self._get_today()
        if self.subscription_state == lifecycle.CHURNED and self.close_date:
            return min(self.close_date, today)
        return today

    def _get_entering_note(self, kind):
        """Return in words why the contract counts from now on."""
        self.ensure_one()
        if kind == "transfer":
            return self.env._("Renewal of %s", self.parent_order_id.name or self.name)
        if kind == "reactivation":
            return self.env._("Reopened")
        return self.env._("Confirmed")

    def _get_leaving_note(self, kind):
        """Return in words why the contract counts no more."""
        self.ensure_one()
        if self.state == "cancel":
            return self.env._("Cancelled")
        if kind == "transfer":
            return self.env._(
                "Renewed by %s", self._get_open_renewal().sudo().name or self.name
            )
        # sudo: the name of the reason
        reason = self.close_reason_id.sudo().name
        return self.env._("Closed: %s", reason) if reason else self.env._("Closed")

    def _get_moving_note(self, before):
        """Return in words what changed about the contract.

        :param dict before: the keys it was counted under
        """
        self.ensure_one()
        if before["state"] != self.subscription_state:
            if self.subscription_state == lifecycle.PAUSED:
                return self.env._("Paused")
            return self.env._("Resumed")
        names = {
            self._fields[field].get_description(self.env, ["string"])["string"]: True
            for key, field in (
                ("partner_id", "partner_id"),
                ("commercial_partner_id", "partner_id"),
                ("country_id", "partner_id"),
                ("plan_id", "plan_id"),
                ("user_id", "user_id"),
                ("team_id", "team_id"),
                ("template_id", "sale_order_template_id"),
            )
            if before.get(key) != self._get_event_keys()[key]
        }
        return ", ".join(names) or self.env._("Edited")
