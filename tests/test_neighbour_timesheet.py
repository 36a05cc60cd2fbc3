from .common import SubscriptionCommon, freeze_time, tagged


@tagged("post_install", "-at_install")
@freeze_time("2026-07-01")
class TestTimesheets(SubscriptionCommon):
    """With timesheets installed: a period bills the hours worked in it."""

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.employee = (
            cls.env["hr.employee"]
            .sudo()
            .create(
                {"name": "Grace", "company_id": cls.company.id, "hourly_cost": 20.0}
            )
        )
        cls.support = cls._create_item(
            "Support by the hour",
            90.0,
            invoice_policy="delivery",
            service_type="timesheet",
            service_tracking="task_in_project",
        )

    def _work(self, order, hours, day):
        task = order.order_line.task_id
        return (
            self.env["account.analytic.line"]
            .sudo()
            .create(
                {
                    "name": "work",
                    "project_id": task.project_id.id,
                    "task_id": task.id,
                    "employee_id": self.employee.id,
                    "unit_amount": hours,
                    "date": day,
                }
            )
        )

    def test_hours_are_billed_with_the_period_they_were_worked_in(self):
        order = self._create_contract((self.support, 20, {}))
        self._work(order, 3, "2026-07-10")
        self._work(order, 2, "2026-08-02")
        with freeze_time("2026-08-05"):
            july = order._bill()
            self.assertEqual(july.amount_untaxed, 270.0)
            # An hour of July that is entered late goes with August.
            self._work(order, 1, "2026-07-31")
        with freeze_time("2026-09-01"):
            august = order._bill()
        self.assertEqual(august.amount_untaxed, 270.0)
        self.assertEqual(august.invoice_line_ids.period_from, self._day("2026-08-01"))

    def test_a_month_without_hours_is_free(self):
        order = self._create_contract((self.support, 20, {}))
        with freeze_time("2026-08-01"):
            self.assertFalse(order._bill())
        self.assertEqual(order.period_ids.state, "free")
