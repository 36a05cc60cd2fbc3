from odoo.tests import freeze_time, new_test_user, tagged

from .common import SubscriptionCommon

DAY = "2026-07-31"
KEYS = {
    "mrr",
    "arr",
    "net_new_mrr",
    "new_mrr",
    "expansion_mrr",
    "contraction_mrr",
    "churn_mrr",
    "reactivation_mrr",
    "opening_mrr",
    "contracts",
    "new_contracts",
    "lost_contracts",
    "revenue_per_contract",
    "lifetime_value",
    "logo_churn",
    "gross_revenue_churn",
    "net_revenue_churn",
    "net_revenue_retention",
    "gross_revenue_retention",
    "quick_ratio",
    "net_revenue",
    "non_recurring_revenue",
}
JULY = ("2026-07-01", "2026-07-31")


class KpiCommon(SubscriptionCommon):
    """Twenty contracts of 600.00 a month at the beginning of July, three lost in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.env["res.company"].search([]).subscription_ids if False else None
        cls.Event = cls.env["subscription.event"].with_company(cls.company)

    def _at(self, day):
        return freeze_time(day)


@tagged("post_install", "-at_install")
@freeze_time(DAY)
class TestKpi(KpiCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.reason = cls.env["subscription.close.reason"].search([], limit=1)
        with freeze_time("2026-06-01"):
            cls.contracts = cls.env["sale.order"].union(
                *(cls._sell(30.0) for _one in range(20))
            )
        with freeze_time("2026-07-10"):
            # 90.00 churn, of which 36.00 is before: see docs/kpis.md
            for contract in cls.contracts[:3]:
                contract._close(cls.reason)

    @classmethod
    def _sell(cls, price, **values):
        return cls._create_contract((cls.seat, 1, {"price_unit": price}), **values)

    def _kpis(self, *span, **kwargs):
        return self.Event.get_kpis(*(span or JULY), **kwargs)

    def test_all_figures_have_their_names(self):
        self.assertLessEqual(KEYS, self._kpis().keys())

    def test_three_lost_of_twenty_are_fifteen_percent(self):
        kpis = self._kpis()
        self.assertEqual(kpis["lost_contracts"], 3)
        self.assertEqual(kpis["contracts"], 17)
        self.assertEqual(kpis["logo_churn"], 0.15)
