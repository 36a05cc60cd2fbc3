"""What customers do to their contracts by themselves: shown before, and done once.

An action of a customer is shown by ``_preview`` and done by ``_perform``. Both read the
same request, and what is shown is worked out by the code that bills. Each action has
three methods of its own, ``_read_…``, ``_preview_…`` and ``_perform_…``; an addon adds
an action, or changes one, by these.
"""

import hashlib
from dataclasses import astuple, dataclass
from datetime import date

from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Date
from odoo.tools import format_date

from ..const import MAX_REMARK_LENGTH


@dataclass(frozen=True)
class Effect:
    """What an action of a customer comes to. Amounts have taxes in them.

    :ivar texts: what changes, a sentence each, in the customer's language
    :ivar day: first day it counts
    :ivar charged: what is charged today
    :ivar credited: what is given back today
    :ivar pays_first: whether nothing changes before ``charged`` is paid
    :ivar next_date: day of the next invoice; None where there is none
    :ivar next_from: first day that one bills
    :ivar next_to: last day
    :ivar next_total: what it comes to
    :ivar last_day: last day of the contract, if the action ends it
    :ivar notes: what else is to be known
    """

    texts: tuple = ()
    day: date | None = None
    charged: float = 0.0
    credited: float = 0.0
    pays_first: bool = False
    next_date: date | None = None
    next_from: date | None = None
    next_to: date | None = None
    next_total: float = 0.0
    last_day: date | None = None
    notes: tuple = ()

    @property
    def seal(self):
        """A short text that differs when anything the customer was shown does."""
        return hashlib.sha256(repr(astuple(self)).encode()).hexdigest()[:32]


class NothingToDo(UserError):
    """What the customer asks for is so already: a doubled click, mostly."""


@dataclass(frozen=True)
class Outcome:
    """What came of an action.

    :ivar text: for the customer; None where the next page says it
    :ivar url: the page that goes on, None for the contract's own
    """

    text: str | None = None
    url: str | None = None


class SubscriptionSelfService(models.AbstractModel):
    """Shows and does what customers may by themselves."""

    _name = "subscription.self.service"
    _description = "Subscription Self-Service"

    @api.model
    def _preview(self, order, action, params):
        """Return what an action would come to, or None where nothing is chosen yet.

        :param order: the contract, with all rights
        :param str action: see `CUSTOMER_ACTIONS`
        :param dict params: what the customer typed, as texts
        :rtype: Effect | None
        :raise UserError: for what is not allowed or cannot be, in the customer's words
        """
        order._check_customer_may(action)
        values = getattr(self, f"_read_{action}")(order, params)
        return getattr(self, f"_preview_{action}")(order, values) if values else None

    @api.model
    def _perform(self, order, action, params, partner):
        """Do what the customer was shown. A second time has no second effect.

        :param order: the contract, with all rights
        :param str action: see `CUSTOMER_ACTIONS`
        :param dict params: what the customer typed, as texts. ``seal`` names the
            effect that was shown, ``offer_seal`` that of the offer beside it: if it is
            another by now, nothing is done
        :param partner: who asks for it
        :rtype: Outcome
        :raise UserError: for what is not allowed or cannot be, in the customer's words
        """
        order._lock_contract()
        order._check_customer_may(action)
        values = getattr(self, f"_read_{action}")(order, params)
        if not values:
            raise NothingToDo(self.env._("Nothing was changed."))
        effect = getattr(self, f"_preview_{action}")(order, values)
        seal = params.get("offer_seal" if params.get("take_offer") else "seal")
        if not seal and effect.charged:  # nobody is billed what they were not shown
            raise UserError(self.env._("Please look at what it comes to, and confirm."))
        if seal and seal != effect.seal:
            raise UserError(
                self.env._(
                    "What it comes to has changed since you opened this page. Please "
                    "look at it again."
                )
            )
        service = self
        language = order.partner_id.lang
        if language and language != self.env.lang:
            # What is written into the mail is for the customer, whatever the language
            # of the browser.
            service = self.with_context(lang=language)
            order = order.with_context(lang=language)
            values = getattr(service, f"_read_{action}")(order, params)
            effect = getattr(service, f"_preview_{action}")(order, values)
        return getattr(service, f"_perform_{action}")(order, values, effect, partner)

    # === READING === #

    @api.model
    def _read_date(self, text):
        """Return the day a customer typed, None where nothing was.

        :rtype: date | None
        :raise UserError: for what is no day
        """
        if not text:
            return None
        try:
            return Date.to_date(text)
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("This is no date: %s", text[:40])) from error

    @api.model
    def _read_remark(self, text):
        """Return what a customer wrote, without what no text can hold.

        :rtype: str
        :raise UserError: for what is too long
        """
        # Browsers count a line's end as one letter, and send two.
        text = (text or "").replace("\x00", "").replace("\r\n", "\n").strip()
        if len(text) > MAX_REMARK_LENGTH:
            raise UserError(
                self.env._(
                    "Please be brief: %(length)s of at most %(most)s letters.",
                    length=len(text),
                    most=MAX_REMARK_LENGTH,
                )
            )
        return text

    @api.model
    def _read_id(self, text):
        """Return the number a form sent for a record, 0 for anything else."""
        return int(text) if str(text or "").isdecimal() and len(str(text)) < 10 else 0

    # === EFFECTS === #

    @api.model
    def _get_change_effect(self, order, changes, **values):
        """Return what changes come to that are only supposed.

        :param order: the contract
        :param changes: see `sale.order._suppose_change`
        :rtype: Effect
        """
        effect = order._get_effect(changes)
        if effect.get(
            "invoice_date"
        ) == order._get_today() and "plan" in changes.mapped("kind"):
            # A switch whose day has come is billed with it.
            supposed = order.with_context(subscription_supposed_changes=changes)
            invoices = self._get_invoice_values(order, supposed.preview_invoices(2))
            values = {**invoices, **values}
        return Effect(
            **{
                "texts": tuple(text for one in changes for text in one._get_texts()),
                "day": min(changes.mapped("date")),
                "charged": effect["charged_total"],
                "credited": effect["credited_total"],
                "next_date": effect.get("invoice_date"),
                "next_from": effect.get("date_from"),
                "next_to": effect.get("date_to"),
                "next_total": effect.get("amount_total", 0.0),
                **values,
            }
        )

    @api.model
    def _get_invoice_values(self, order, invoices):
        """Return what an effect says about invoices, see `preview_invoices`.

        What is due already is charged with the action.

        :param order: the contract
        :param list[dict] invoices: as previewed
        :rtype: dict
        """
        today = order._get_today()
        due = [one for one in invoices if one["invoice_date"] <= today]
        later = [one for one in invoices if one["invoice_date"] > today]
        values = {"charged": sum(one["amount_total"] for one in due)}
        if later:
            values.update(
                next_date=later[0]["invoice_date"],
                next_from=later[0]["date_from"],
                next_to=later[0]["date_to"],
                next_total=later[0]["amount_total"],
            )
        return values

    @api.model
    def _format_day(self, day):
        return format_date(self.env, day)

    # === AFTERWARDS === #

    @api.model
    def _tell(self, order, partner, effect, title, template="change", remark=None):
        """Write down what a customer did, tell the salesperson, mail the customer.

        :param order: the contract
        :param partner: who did it
        :param Effect effect: what it came to
        :param str title: what was done, a sentence
        :param str template: last part of the mail template's XML id
        :param str remark: what the customer wrote
        """
        texts = [title, *(text for text in effect.texts if text != title)]
        order._note_customer_action(partner, texts, remark)
        order._mail_customer_action(
            f"subscriptions.mail_template_self_service_{template}",
            title=title,
            effect=effect,
            remark=remark,
        )
