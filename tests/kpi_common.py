from odoo.tests import freeze_time

from .common import SubscriptionCommon

JULY = ("2026-07-01", "2026-07-31")


class KpiCommon(SubscriptionCommon):
    """The July of docs/kpis.md: 20 contracts with an MRR of 600.00, and what becomes
    of them."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.Event = cls.env["subscription.event"]
        cls.kpi = cls.env["subscription.kpi"]
        cls.reason = cls.env["subscription.close.reason"].search([], limit=1)
        with freeze_time("2026-06-01"):
            orders = [cls._sell(price) for price in [34.0] * 16 + [14.0] * 4]
        cls.contracts = cls.env["sale.order"].union(*orders)
        with freeze_time("2026-07-05"):
            for contract in orders[-3:]:
                contract._close(cls.reason)
            orders[0].order_line.product_uom_qty = 2  # 34.00 more
            orders[1].order_line.price_unit = 20.0  # 14.00 less
            cls.new = cls._sell(50.0)
        with freeze_time("2026-07-20"):
            cls.new.order_line.price_unit = 60.0
            orders[-1]._reopen()

    @classmethod
    def _sell(cls, price, *more, **values):
        line = (cls.seat, 1, {"price_unit": price})
        return cls._create_contract(line, *more, **values)

    def _get_kpis(self, span=JULY, **kwargs):
        return self.Event.get_kpis(*span, **kwargs)
