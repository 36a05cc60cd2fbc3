from odoo import api, models
from odoo.exceptions import UserError
from odoo.fields import Domain


class SubscriptionScheduler(models.AbstractModel):
    """What happens to contracts on its own, because its day has come."""

    _name = "subscription.scheduler"
    _description = "Subscription Scheduler"

    @api.model
    def _run(self):
        """Apply what is due today, company by company."""
        Order = self.env["sale.order"]
        for company in self.env["res.company"].search([("active", "=", True)]):
            today = Order.new({"company_id": company.id})._get_today()
            service = self.with_company(company)
            service._end_trials(company, today)
            service._end_contracts(company, today)

    def _end_trials(self, company, today):
        """Let the contracts whose trial is over count: from now on they have an MRR.

        :param company: the company
        :param date today: the day
        """
        self.env["sale.order"].search(
            Domain("company_id", "=", company.id)
            & Domain("in_trial", "=", True)
            & Domain("trial_end_date", "<", today)
        ).in_trial = False

    def _end_contracts(self, company, today):
        """End the contracts whose last day is over and billed.

        :param company: the company
        :param date today: the day
        """
        ended = self.env["sale.order"].search(
            Domain("company_id", "=", company.id)
            & Domain("subscription_state", "=", "progress")
            & (Domain("end_date", "<", today) | Domain("close_date", "<=", today))
            & Domain("next_invoice_date", "=", False)
        )
        IrCron = self.env["ir.cron"]
        reason = self.env.ref("subscriptions.close_reason_end", False)
        for order in ended:
            order = order.try_lock_for_update(allow_referencing=True)
            if order:
                self._end_contract(order, reason)
            IrCron._commit_progress(1)

    def _end_contract(self, order, reason):
        """End one contract; what goes wrong is held, and the others go on."""
        try:
            with self.env.cr.savepoint():
                order._set_churned(
                    order.close_reason_id or reason,
                    order.close_date or order.end_date,
                )
        except UserError as error:
            order._set_hold("billing_error", str(error))
