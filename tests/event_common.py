from odoo.fields import Command
from odoo.tests import freeze_time

from .common import SubscriptionCommon


class EventCommon(SubscriptionCommon):
    """Contracts and what their events tell."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Event = cls.env["subscription.event"]
        cls.tired = cls.env["subscription.close.reason"].create({"name": "Tired of it"})
        # From 100.00 a month to 1,200.00 a year and more: prices of both plans.
        cls.env["product.pricelist.item"].create(
            {
                "plan_id": cls.yearly.id,
                "pricelist_id": False,
                "applied_on": "1_product",
                "product_tmpl_id": cls.seat.product_tmpl_id.id,
                "fixed_price": 1440.0,
            }
        )

    def _on(self, day):
        return freeze_time(day)

    def _get_events(self, *orders, transfers=True):
        """Return (kind, MRR change, change in contracts), in their order."""
        orders = self.env["sale.order"].union(*orders)
        return [
            (event.kind, event.mrr_change, event.active_change)
            for event in orders.event_ids.sorted("id")
            if transfers or event.kind != "transfer"
        ]

    def _get_mrr_by(self, name, domain=()):
        """Return the MRR that is counted under each value of a field."""
        groups = self.Event._read_group(
            [("company_id", "=", self.company.id), *domain],
            [name],
            ["mrr_change:sum", "active_change:sum"],
        )
        return {
            key: (total, active) for key, total, active in groups if total or active
        }

    def _assert_sound(self):
        self.assertEqual(self.Event.verify(), [])

    def _enable_euro(self, **rates):
        """Let a euro cost so many dollars, by day."""
        euro = self.env.ref("base.EUR")
        euro.active = True
        euro.rate_ids.unlink()
        euro.rate_ids = [
            Command.create(
                {
                    "name": day.removeprefix("d").replace("_", "-"),
                    "inverse_company_rate": rate,
                    "company_id": self.company.id,
                }
            )
            for day, rate in rates.items()
        ]
        return euro
