"""Customers end their contract, take an offer instead, or take the end back."""

from odoo import api, models
from odoo.exceptions import UserError
from odoo.tools import formatLang

from .subscription_self_service import Effect, Outcome

# Invoices before the end that a customer is told of one by one.
TOLD_INVOICES = 3


class SubscriptionSelfService(models.AbstractModel):
    _inherit = "subscription.self.service"

    # === CLOSE === #

    @api.model
    def _read_close(self, order, params):
        """Return why and when the contract is to end.

        :param dict params: ``reason_id``, ``remark``, ``date``, and ``take_offer``
        :rtype: dict
        """
        if not params.get("reason_id"):
            if params.get("seal") or params.get("remark") or params.get("date"):
                raise UserError(self.env._("Please choose a reason."))
            return {}
        number = self._read_id(params["reason_id"])
        reason = order._get_customer_close_reasons().filtered(
            lambda reason: reason.id == number
        )
        if not reason:
            raise UserError(self.env._("Please choose one of the reasons."))
        offer = order._get_retention_offer(reason)
        takes_offer = bool(params.get("take_offer"))
        if takes_offer and not offer:
            raise UserError(self.env._("This offer is not open to you any more."))
        day = None
        if order.plan_id.customer_close == "any_date":
            day = self._read_date(params.get("date"))
        return {
            "reason": reason,
            "offer": offer,
            "takes_offer": takes_offer,
            "remark": self._read_remark(params.get("remark")),
            "day": day or order._get_customer_close_date(),
        }

    @api.model
    def _preview_close(self, order, values):
        if values["takes_offer"]:
            return self._preview_offer(order, values["offer"])
        day = values["day"]
        if not order._has_begun():
            return self._preview_close_unbegun(order, day)
        order._check_customer_close_date(day)
        closing = order._as_if_closing(day)
        invoices = [
            invoice
            for invoice in closing.preview_invoices(TOLD_INVOICES + 1)
            if invoice["amount_total"]
        ]
        notes = [self._get_invoice_text(order, one) for one in invoices[:TOLD_INVOICES]]
        if not invoices:
            notes.append(self.env._("Nothing more is billed."))
        elif len(invoices) > TOLD_INVOICES:
            notes.append(self.env._("More invoices follow, until it ends."))
        if order.open_amount:
            notes.append(
                self.env._(
                    "%s is open and remains to be paid.",
                    formatLang(
                        self.env, order.open_amount, currency_obj=order.currency_id
                    ),
                )
            )
        if order.paid_until and order.paid_until > day:
            notes.append(
                self.env._(
                    "What is paid until %s is not given back.",
                    self._format_day(order.paid_until),
                )
            )
        return Effect(
            texts=(self._get_ending_text(day),), last_day=day, notes=tuple(notes)
        )

    @api.model
    def _preview_close_unbegun(self, order, day):
        """Return what it comes to that a contract ends which has not begun.

        :param order: the contract
        :param date day: last day of the contract it renews, if it does
        :rtype: Effect
        """
        before = order._get_preceding_contract()
        if not before:
            return Effect(
                texts=(self.env._("It ends before it begins. Nothing is billed."),),
                last_day=day,
            )
        before._check_customer_close_date(day)
        notes = [
            self.env._(
                "The renewal %(renewal)s is cancelled, and %(contract)s ends.",
                renewal=order.name,
                contract=before.name,
            )
        ]
        if before.paid_until and day > before.paid_until:
            notes.append(self.env._("Until then it is billed as before."))
        return Effect(
            texts=(self._get_ending_text(day),), last_day=day, notes=tuple(notes)
        )

    @api.model
    def _get_ending_text(self, day):
        return self.env._(
            "Your subscription ends on %s, at the end of the day.",
            self._format_day(day),
        )

    @api.model
    def _get_invoice_text(self, order, invoice):
        return self.env._(
            "Still billed: %(total)s on %(day)s, for %(start)s to %(end)s.",
            total=formatLang(
                self.env, invoice["amount_total"], currency_obj=order.currency_id
            ),
            # What is held is billed late.
            day=self._format_day(max(invoice["invoice_date"], order._get_today())),
            start=self._format_day(invoice["date_from"]),
            end=self._format_day(invoice["date_to"]),
        )

    @api.model
    def _perform_close(self, order, values, effect, partner):
        reason, remark = values["reason"], values["remark"]
        if values["takes_offer"]:
            return self._perform_offer(order, values, effect, partner)
        order._note_offer(reason, "declined")
        closed = order._close_for_customer(reason, values["day"], remark)
        title = effect.texts[0]
        self._tell(closed, partner, effect, title, "close", remark=remark)
        goes_on = closed == order and order._is_shown_as_contract()
        return Outcome(title, None if goes_on else closed.get_portal_url())

    # === TAKING IT BACK === #

    @api.model
    def _read_revoke_close(self, order, params):
        return {"day": order.close_date}

    @api.model
    def _preview_revoke_close(self, order, values):
        going_on = order._as_if_closing(False)
        return Effect(
            texts=(
                self.env._(
                    "Your subscription does not end on %s, it goes on.",
                    self._format_day(values["day"]),
                ),
            ),
            **self._get_invoice_values(order, going_on.preview_invoices(3)),
        )

    @api.model
    def _perform_revoke_close(self, order, values, effect, partner):
        order._revoke_close()
        order._bill()  # as was shown
        title = effect.texts[0]
        self._tell(order, partner, effect, title)
        return Outcome(title)
