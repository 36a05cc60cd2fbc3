"""Customers pause, resume and renew their contracts."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from ..engine.period import ONE_DAY
from .subscription_self_service import Effect, Outcome


class SubscriptionSelfService(models.AbstractModel):
    _inherit = "subscription.self.service"

    # === PAUSE === #

    @api.model
    def _read_pause(self, order, params):
        """Return until when the contract is to be paused.

        :param dict params: ``resume_date``, the first day it runs again, and ``remark``
        :rtype: dict
        """
        day = self._read_date(params.get("resume_date"))
        longest = order._get_longest_pause_end()
        if longest and not day:
            if "resume_date" not in params:
                return {}
            raise UserError(self.env._("Say on which day it goes on."))
        order._check_resume_date(day)
        if longest and day > longest:
            raise UserError(
                self.env._(
                    "It can be paused until %s at the longest.",
                    self._format_day(longest),
                )
            )
        if order.end_date and day and day > order.end_date:
            raise UserError(
                self.env._("It ends on %s.", self._format_day(order.end_date))
            )
        remark = self._read_remark(params.get("remark"))
        return {"resume_date": day, "remark": remark}

    @api.model
    def _preview_pause(self, order, values):
        today, day = order._get_today(), values["resume_date"]
        change = order._suppose_change(
            "pause",
            max(today, order.start_date),
            state="done",
            date_to=day and day - ONE_DAY,
        )
        effect = {}
        if day:
            paused = order.with_context(subscription_supposed_changes=change)
            effect = self._get_invoice_values(order, paused.preview_invoices(1))
            # What falls due within the pause is billed when it is over.
            if effect.pop("charged") or (
                effect.get("next_date") and effect["next_date"] < day
            ):
                effect = self._get_first_after_pause(order, paused, day)
        notes = [self.env._("Nothing is billed or charged while it is paused.")]
        if order.paid_until and order.paid_until >= today:
            notes.append(
                self.env._(
                    "What is paid until %s is not given back.",
                    self._format_day(order.paid_until),
                )
            )
        return Effect(
            texts=tuple(change._get_texts()), day=today, notes=tuple(notes), **effect
        )

    @api.model
    def _get_first_after_pause(self, order, paused, day):
        invoice = paused.preview_invoices(1)[0]
        return {
            "next_date": max(invoice["invoice_date"], day),
            "next_from": invoice["date_from"],
            "next_to": invoice["date_to"],
            "next_total": invoice["amount_total"],
        }

    @api.model
    def _perform_pause(self, order, values, effect, partner):
        order._pause(values["resume_date"], values["remark"] or None)
        # sudo: changes are written by the contract's methods alone
        order._get_open_pause().sudo().is_by_customer = True
        title = self.env._("Your subscription is paused.")
        self._tell(order, partner, effect, title, remark=values["remark"])
        return Outcome(title)

    # === RESUME === #

    @api.model
    def _read_resume(self, order, params):
        return {"day": order._get_today()}

    @api.model
    def _preview_resume(self, order, values):
        pause = order._get_open_pause()
        ended = self.env["subscription.change"].new(
            {"date_to": max(values["day"], pause.date) - ONE_DAY}, origin=pause
        )
        resumed = order.with_context(subscription_supposed_changes=ended)
        invoices = resumed.preview_invoices(3)
        return Effect(
            texts=(self.env._("It goes on today, with the periods it had."),),
            day=values["day"],
            **self._get_invoice_values(order, invoices),
        )

    @api.model
    def _perform_resume(self, order, values, effect, partner):
        order._resume()
        title = self.env._("Your subscription goes on.")
        self._tell(order, partner, effect, title)
        return Outcome(title)

    # === RENEWAL === #

    @api.model
    def _read_renew(self, order, params):
        return {"start": order._get_renewal_start()}

    @api.model
    def _preview_renew(self, order, values):
        texts = [
            self.env._(
                "You get an offer that begins on %s, where what is billed ends. "
                "Nothing changes before you accept it.",
                self._format_day(values["start"]),
            ),
            self.env._(
                "It has what you have now: %(amount)s per %(period)s, before taxes.",
                amount=formatLang(
                    self.env, order.recurring_total, currency_obj=order.currency_id
                ),
                period=order.plan_id.billing_period_label,
            ),
        ]
        return Effect(texts=tuple(texts))

    @api.model
    def _perform_renew(self, order, values, effect, partner):
        renewal = order._get_open_renewal().sudo()  # sudo: the customer's own
        if renewal.is_self_service and renewal.is_expired:
            renewal._action_cancel()
            renewal = renewal.browse()
        if not renewal:
            renewal = order._create_customer_renewal(partner)
        elif renewal.state == "draft":
            raise UserError(
                self.env._("We are preparing an offer for you, and send it to you.")
            )
        return Outcome(url=renewal.get_portal_url())
