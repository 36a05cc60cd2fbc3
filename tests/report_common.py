from odoo.fields import Command
from odoo.tests import new_test_user

from .common import SubscriptionCommon, freeze_time


class ReportCommon(SubscriptionCommon):
    """Half a year of four customers, as docs/reports.md tells it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.salesperson = cls._create_user("seller", "group_sale_salesman")
        cls.leader = cls._create_user("leader", "group_sale_salesman_all_leads")
        cls.reason = cls.env["subscription.close.reason"].create({"name": "Too far"})
        with freeze_time("2026-01-10"):
            cls.ada = cls._make("Ada", (cls.seat, 2), (cls.goods, 1), cls.setup_fee)
            cls.bob = cls._make("Bob", (cls.seat, 1), user_id=cls.leader.id)
            cls.eve = cls._make("Eve", (cls.seat, 1))
        with freeze_time("2026-02-10"):
            cls.cyd = cls._make("Cyd", (cls.seat, 12), plan_id=cls.yearly.id)
            cls.ada._change_quantities({cls.ada.order_line[0]: 3}, at="now")
        with freeze_time("2026-03-10"):
            cls.bob._close(cls.reason)
            cls.ada._change_quantities({cls.ada.order_line[1]: 0.5}, at="now")
        with freeze_time("2026-04-10"):
            cls.eve._pause()
        cls.env.flush_all()

    @classmethod
    def _create_user(cls, login, group):
        return new_test_user(
            cls.env,
            login=login,
            groups=f"sales_team.{group}",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
        )

    @classmethod
    def _make(cls, name, *lines, **values):
        partner = cls.env["res.partner"].create(
            {"name": name, "email": f"{name}@example.com"}
        )
        values = {"user_id": cls.salesperson.id, **values}
        return cls._create_contract(*lines, partner_id=partner.id, **values)

    def _group(self, model, by, *measures, domain=(), user=None):
        records = self.env[model].with_user(user or self.env.user)
        return records._read_group(
            [("company_id", "=", self.company.id), *domain], [by], measures
        )
