from contextlib import nullcontext
from datetime import date
from unittest.mock import patch

from odoo.fields import Command
from odoo.tests import HttpCase, freeze_time, tagged  # noqa: F401  re-exported

from odoo.addons.account.tests.common import AccountTestInvoicingCommon

TODAY = "2026-07-01"


class SubscriptionCommon(AccountTestInvoicingCommon):
    """A company with plans, products and customers, and short ways to contracts."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.company = cls.company_data["company"]
        cls.company.partner_id.tz = "UTC"
        cls.env = cls.env(
            context=dict(cls.env.context, mail_create_nosubscribe=True, lang="en_US")
        )
        cls.env.user.tz = "UTC"
        cls.monthly = cls.env.ref("subscriptions.plan_monthly")
        cls.yearly = cls.env.ref("subscriptions.plan_yearly")
        cls.monthly.invoice_mode = cls.yearly.invoice_mode = "post"
        cls.partner = cls.env["res.partner"].create(
            {
                "name": "Ada Example",
                "email": "ada@example.com",
                "country_id": cls.env.ref("base.be").id,
            }
        )
        cls.seat = cls._create_item("Seat", 100.0)
        cls.goods = cls._create_item("Coffee", 60.0, type="consu", prorate=False)
        cls.setup_fee = cls._create_item("Setup", 250.0, recurring_invoice=False)

    @classmethod
    def get_default_groups(cls):
        return super().get_default_groups() | cls.quick_ref(
            "sales_team.group_sale_manager"
        )

    @classmethod
    def _create_item(cls, name, price, **values):
        return cls.env["product.product"].create(
            {
                "name": name,
                "type": "service",
                "list_price": price,
                "invoice_policy": "order",
                "recurring_invoice": True,
                "taxes_id": [Command.clear()],
                **values,
            }
        )

    @classmethod
    def _create_plan(cls, **values):
        return cls.env["subscription.plan"].create(
            {"name": "Plan", "invoice_mode": "post", **values}
        )

    @classmethod
    def _create_order(cls, *lines, **values):
        """Create a quotation; a line is a product, or (product, quantity, values).

        The values may be left out.
        """
        commands = []
        for line in lines or (cls.seat,):
            product, quantity, more = (
                (*line, {})[:3] if isinstance(line, tuple) else (line, 1.0, {})
            )
            commands.append(
                Command.create(
                    {"product_id": product.id, "product_uom_qty": quantity, **more}
                )
            )
        return cls.env["sale.order"].create(
            {
                "partner_id": cls.partner.id,
                "plan_id": cls.monthly.id,
                "order_line": commands,
                **values,
            }
        )

    @classmethod
    def _create_contract(cls, *lines, **values):
        """Create and confirm, and so bill what is due."""
        order = cls._create_order(*lines, **values)
        order.action_confirm()
        return order

    def _day(self, text):
        return date.fromisoformat(text)

    def _get_periods(self, order):
        """Return the billed periods as texts, oldest first."""
        return [
            f"{row.date_from}..{row.date_to}"
            for row in order.period_ids.sorted("date_from")
            if row.is_live
        ]

    def _get_amounts(self, moves):
        return moves.sorted("id").mapped("amount_untaxed")

    def _upsell(self, contract, *lines, **values):
        """Make an upsell; a line is a product, or (product, quantity)."""
        upsell = self.env["sale.order"].browse(contract.action_upsell()["res_id"])
        for line in lines:
            product, quantity = line if isinstance(line, tuple) else (line, 1.0)
            known = upsell.order_line.filtered(
                lambda one, product=product: one.product_id == product
            )
            if known:
                known.product_uom_qty = quantity
            else:
                values_of_line = {"product_id": product.id, "product_uom_qty": quantity}
                upsell.order_line = [Command.create(values_of_line)]
        if values:
            upsell.write(values)
        return upsell

    def _renew(self, contract):
        """Make the quotation that renews a contract."""
        return self.env["sale.order"].browse(contract.action_renew()["res_id"])

    def _apply_scheduled(self):
        """Let the daily run apply what is due, as Odoo's scheduler does."""
        # Browsers' tests are in this mode from their beginning.
        is_http = isinstance(self, HttpCase)
        with nullcontext() if is_http else self.enter_registry_test_mode():
            self.env.ref(
                "subscriptions.ir_cron_apply_scheduled"
            ).method_direct_trigger()
        self.env.invalidate_all()

    def _patch_method(self, model, name, replacement):
        """Replace a method; the replacement gets the original as first argument."""
        cls = self.env.registry[model]
        original = getattr(cls, name)

        def method(records, *args, **kwargs):
            return replacement(original, records, *args, **kwargs)

        return patch.object(cls, name, method)
