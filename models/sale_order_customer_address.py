"""Where a contract is invoiced and delivered to, as its customer changes it."""

from odoo import models
from odoo.exceptions import ValidationError

# What the customer calls it in a request: the field of the contract.
ADDRESS_FIELDS = {
    "billing": "partner_invoice_id",
    "delivery": "partner_shipping_id",
}
# Contacts that are entered without a login, for a customer and a day.
MAX_NEW_BY_LINK = 5


class SaleOrder(models.Model):
    _inherit = "sale.order"

    def _get_next_amount(self, address=None):
        """Return what the next invoice comes to, with taxes as billing sets them.

        :param address: the contact that it would be delivered to, possibly not saved;
            none for the present one
        :return: in the contract's currency, None where no invoice is to come
        :rtype: float | None
        """
        self.ensure_one()
        position = self.fiscal_position_id
        if not self.has_typed_fiscal_position:
            position = self._get_position_at(address or self.partner_shipping_id)
        # Only supposed: nothing is written, and nothing has to be taken back.
        order = self.with_context(subscription_supposed_position=position)
        for invoice in order.preview_invoices(1):
            return invoice["amount_total"]
        return None

    def _get_position_at(self, address):
        """Return the fiscal position of the contract at a delivery address.

        :param address: the contact, possibly not saved
        :rtype: account.fiscal.position
        """
        return (
            self.env["account.fiscal.position"]
            .with_company(self.company_id)
            ._get_fiscal_position(self.partner_id, address)
        )

    def _get_delivery_amounts(self, addresses):
        """Return what the next invoice would be, where an address makes it another.

        :param addresses: the contacts it may be delivered to
        :return: amounts by contact
        :rtype: dict
        """
        self.ensure_one()
        if self.has_typed_fiscal_position:
            return {}
        now, known, amounts = self._get_next_amount(), {}, {}
        for address in addresses - self.partner_shipping_id:
            position = self._get_position_at(address)
            if position not in known:
                known[position] = self._get_next_amount(address)
            amount = known[position]
            if amount is not None and self.currency_id.compare_amounts(amount, now):
                amounts[address] = amount
        return amounts

    def _set_customer_addresses(self, addresses, partner):
        """Send invoices or deliveries of the contract elsewhere, as its customer wants.

        The contacts themselves stay as they are.

        :param dict addresses: contacts by `billing` and `delivery`
        :param partner: who changes it
        :return: whether anything changed
        :rtype: bool
        """
        self.ensure_one()
        values = {
            ADDRESS_FIELDS[kind]: address.id
            for kind, address in addresses.items()
            if self[ADDRESS_FIELDS[kind]] != address
        }
        if not values:
            return False
        before = self.partner_invoice_id | self.partner_shipping_id
        if "partner_shipping_id" in values and self.has_typed_fiscal_position:
            # A person's choice, which Odoo would replace with the address.
            values["fiscal_position_id"] = self.fiscal_position_id.id
        self.write(values)
        # As billing would do it: what the page says of the next invoice is so at once.
        self.order_line._update_mapped_taxes()
        self._log_addresses_changed(partner, values, before)
        return True

    def _get_addresses_by_link(self, contact_type=None):
        """Return the customer's contacts that were entered without a login.

        :param str contact_type: invoice or delivery, none for all
        :rtype: res.partner
        """
        self.ensure_one()
        domain = [
            ("id", "child_of", self.partner_id.commercial_partner_id.id),
            ("entered_by_link_date", "!=", False),
        ]
        if contact_type:
            domain.append(("type", "=", contact_type))
        # sudo: whoever has the link reads none of them, but may enter them again
        found = self.env["res.partner"].sudo().search(domain)
        return found.with_env(self.env)

    def _check_addresses_by_link(self):
        """Refuse more new contacts than anybody needs: the link may be in odd hands.

        :raise ValidationError: saying so
        """
        today = self._get_today()
        entered = self._get_addresses_by_link().sudo()
        recent = entered.filtered(lambda one: one.entered_by_link_date >= today)
        if len(recent) >= MAX_NEW_BY_LINK:
            raise ValidationError(
                self.env._(
                    "Many new addresses were entered today. Please log in to enter "
                    "more, or write to us."
                )
            )

    def _log_addresses_changed(self, partner, values, before):
        """Tell chatter and customer that addresses were changed.

        :param partner: who did it
        :param dict values: what was written
        :param before: the contacts until now, which are written to as well
        """
        texts = {
            "partner_invoice_id": self.env._(
                "The invoices go to %s now.",
                self.partner_invoice_id._get_address_line(),
            ),
            "partner_shipping_id": self.env._(
                "It is delivered to %s now.",
                self.partner_shipping_id._get_address_line(),
            ),
        }
        self._note_customer_action(
            partner, [text for name, text in texts.items() if name in values]
        )
        self._send_self_service_mail(
            "subscriptions.mail_template_address_changed",
            before | self.partner_shipping_id,
        )

    def _check_customer_address(self, kind, address, offered):
        """Refuse an address that is not one of those on offer.

        :param str kind: billing or delivery
        :param address: the contact
        :param offered: the contacts on offer
        :raise ValidationError: saying so
        """
        if kind not in ADDRESS_FIELDS or not address or address not in offered:
            raise ValidationError(
                self.env._("Please choose one of the addresses below.")
            )


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _prepare_base_line_for_taxes_computation(self, **kwargs):
        """Override of `sale`: with the taxes that a supposed address would have."""
        # A record, which no context that comes from outside can hold.
        position = self.env.context.get("subscription_supposed_position")
        if (
            isinstance(position, models.BaseModel)
            and not self.is_downpayment
            and not self.has_typed_taxes
        ):
            kwargs.setdefault("tax_ids", self._get_mapped_taxes(position))
        return super()._prepare_base_line_for_taxes_computation(**kwargs)
