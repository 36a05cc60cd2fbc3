"""How satisfied a contract's customer is, and how they are asked."""

import logging

from psycopg2 import OperationalError

from odoo import fields, models
from odoo.exceptions import LockError, UserError
from odoo.fields import Domain
from odoo.tools import email_normalize_all, plaintext2html

from ..const import CONTRACT_STATES, MAIL_LAYOUT, PERCENT_PER_POINT

_logger = logging.getLogger(__name__)

TEMPLATE = "subscriptions.mail_template_rating"
RETRY = (OperationalError, LockError)
# Ratings a contract's page shows, the newest ones.
SHOWN_RATINGS = 12


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # Not by rating.mixin: its stored fields cost queries for each order created.
    satisfaction = fields.Float(
        string="Satisfaction (%)",
        readonly=True,
        copy=False,
        aggregator=None,  # who was never asked is not unhappy: see the report
        help="Average of the customer's ratings; 5 of 5 is 100 %. Nothing where there "
        "is no rating.",
    )
    rating_count = fields.Integer(string="Number of Ratings", readonly=True, copy=False)

    def _update_satisfaction(self):
        """Work out what the ratings of orders come to, and keep it.

        To be called after anything that adds, changes or removes some of them.
        """
        if not self:
            return
        # sudo: kept from typing; and all ratings count, whoever may read them
        orders = self.sudo()
        Rating = orders.env["rating.rating"]
        domain = Rating._get_given_domain() & Domain("order_id", "in", orders.ids)
        groups = Rating._read_group(domain, ["order_id"], ["__count", "rating:avg"])
        given = {order: (count, average) for order, count, average in groups}
        for order in orders:
            count, average = given.get(order, (0, 0.0))
            values = {
                "rating_count": count,
                "satisfaction": average * PERCENT_PER_POINT,
            }
            if values != {name: order[name] for name in values}:
                order.write(values)  # which marks it as changed

    # === ASKING FOR A RATING === #

    def _send_rating_request(self, template=None):
        """Ask the customer of each order by mail how satisfied they are.

        The mail goes into the queue. Whoever has not answered yet is asked with the
        same link again.

        :param template: a mail.template of orders; none for the one that comes along
        :raise UserError: when somebody cannot be asked, in words that say why; then
            nobody is
        """
        template = template or self.env.ref(TEMPLATE, raise_if_not_found=False)
        if not template:
            raise UserError(
                self.env._(
                    "The mail that asks for a rating was deleted. Choose another one."
                )
            )
        # sudo: which model it is for, and what it is called
        if template.sudo().model != self._name:
            raise UserError(
                self.env._(
                    "The mail “%s” is not made for contracts, so it cannot ask for a "
                    "rating of one.",
                    template.sudo().name,
                )
            )
        with self.env.cr.savepoint():
            for order in self:
                order._mail_rating_request(template)
        # sudo: mails wait in the queue, that of ratings as well
        self.env.ref("mail.ir_cron_mail_scheduler_action").sudo()._trigger()

    def _mail_rating_request(self, template):
        self.ensure_one()
        partner = self._rating_get_partner()
        if not partner.email_normalized:
            raise UserError(
                self.env._(
                    "%(order)s: %(customer)s has no e-mail address to send to.",
                    order=self.name,
                    customer=partner.display_name or self.env._("the customer"),
                )
            )
        mail = self._make_rating_mail(template)
        addresses = mail.recipient_ids.filtered("email_normalized").mapped("email")
        if not addresses and not email_normalize_all(mail.email_to or ""):
            raise UserError(
                self.env._(
                    "%(order)s: the mail “%(mail)s” is addressed to nobody. Its "
                    "“To” should name the customer.",
                    order=self.name,
                    mail=template.sudo().name,
                )
            )
        if "/rate/" not in (mail.body_html or ""):
            raise UserError(
                self.env._(
                    "The mail “%s” has no link to rate the contract. Take the one "
                    "that comes along as an example.",
                    template.sudo().name,
                )
            )
        self._get_open_rating(partner).asked_on = fields.Datetime.now()
        # The chatter has no links, which are for the customer to click; and what is
        # answered to the mail finds its way there, long after it was sent.
        mail.write(
            {
                "body": plaintext2html(
                    self.env._("%s was asked for a rating.", partner.display_name)
                ),
                "is_notification": True,
                "subtype_id": self.env["ir.model.data"]._xmlid_to_res_id(
                    "mail.mt_note"
                ),
            }
        )

    def _make_rating_mail(self, template):
        """Render the mail and queue it.

        :return: with all rights
        :rtype: mail.mail
        :raise UserError: when the template cannot be rendered
        """
        try:
            mail_id = template.send_mail(self.id, email_layout_xmlid=MAIL_LAYOUT)
        except RETRY:
            raise
        except Exception as error:
            # Whatever people wrote into a template: they read what is wrong with it.
            _logger.info("The mail that asks for a rating failed", exc_info=True)
            raise UserError(
                self.env._(
                    "The mail “%(mail)s” cannot be made for %(order)s: %(error)s",
                    mail=template.sudo().name,
                    order=self.name,
                    error=error,
                )
            ) from error
        # sudo: salespeople write no mails
        return self.env["mail.mail"].sudo().browse(mail_id)

    def action_ask_for_rating(self):
        """Ask the customers of contracts for a rating, each on its own."""
        return self._act_each(
            self.env._("Ask for a Rating"), lambda order: order._ask_for_rating()
        )

    def _ask_for_rating(self):
        """Ask, for somebody who clicked on it, and say who was asked.

        :rtype: str
        """
        self.ensure_one()
        self.check_access("write")  # asking itself needs none
        if self.subscription_state not in CONTRACT_STATES:
            raise UserError(
                self.env._("%s is no contract: there is nothing to rate.", self.name)
            )
        self._send_rating_request()
        partner = self._rating_get_partner()
        return self.env._(
            "%(customer)s is asked by mail to %(address)s.",
            customer=partner.display_name,
            address=partner.email_normalized,
        )

    # === OVERRIDES OF `rating` === #

    def message_post(self, **kwargs):
        """Override of `rating`: who writes a message does not rate by it.

        Customers rate by the link of a mail they were sent; what Odoo takes with a
        message, anybody may send, as often as they like.
        """
        kwargs.pop("rating_value", None)
        return super().message_post(**kwargs)

    def _message_update_content(self, message, /, *, body, rating_value=None, **kwargs):
        """Override of `rating`: who edits a message does not rate by it."""
        return super()._message_update_content(message, body=body, **kwargs)

    def _rating_get_operator(self):
        """Override of `rating`: without a salesperson, it is who answers for it."""
        operator = super()._rating_get_operator()
        if not operator and self.subscription_state:
            # sudo: who it is, as customers may know
            operator = self._get_responsible_user().sudo().partner_id
        return operator

    def _rating_apply_get_default_subtype_id(self):
        """Override of `rating`: whoever follows a contract is told of its ratings."""
        subtype = self.env.ref(
            "subscriptions.mail_message_subtype_rating", raise_if_not_found=False
        )
        return subtype.id if subtype else super()._rating_apply_get_default_subtype_id()

    # === ACTION METHODS === #

    def action_view_ratings(self):
        """Open what the customer said of the contract."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.rating_rating_action"
        )
        action["domain"] = [
            *self.env["rating.rating"]._get_given_domain(),
            ("order_id", "=", self.id),
        ]
        return action

    # === THE CONTRACT'S PAGE === #

    def _get_page_ratings(self):
        """Return what the customer and their people said of the contract.

        :return: with all rights, newest first
        :rtype: rating.rating
        """
        self.ensure_one()
        # sudo: the page is for whoever has its link, and these are their own words
        Rating = self.env["rating.rating"].sudo()
        customer = self.sudo().partner_id.commercial_partner_id
        return Rating.search(
            Rating._get_given_domain()
            & Domain("order_id", "=", self.id)
            & Domain("is_internal", "=", False)
            & Domain("partner_id.commercial_partner_id", "=", customer.id),
            order="rated_on desc, id desc",
            limit=SHOWN_RATINGS,
        )

    def _get_open_rating_request(self):
        """Return what the customer was asked for and has not answered yet.

        :return: with all rights; empty for none
        :rtype: rating.rating
        """
        self.ensure_one()
        # sudo: as above
        partner = self.sudo()._rating_get_partner()
        return self._get_open_rating(partner).filtered("asked_on")

    def _get_open_rating(self, partner):
        """Return the rating that somebody has not given yet, the one Odoo would take.

        :return: with all rights; empty for none
        :rtype: rating.rating
        """
        # sudo: it is read by its token, which the customer has
        ratings = self.sudo().rating_ids
        return ratings.filtered(
            lambda rating: rating.partner_id == partner and not rating.consumed
        )[:1]
