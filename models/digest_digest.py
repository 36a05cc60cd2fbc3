from odoo import fields, models
from odoo.exceptions import AccessError


class DigestDigest(models.Model):
    """The MRR in the periodic mail, up to and without the day the frame ends."""

    _inherit = "digest.digest"

    kpi_subscription_mrr = fields.Boolean("MRR")
    kpi_subscription_mrr_value = fields.Monetary(
        compute="_compute_kpi_subscription_mrr_value"
    )
    kpi_subscription_net_new_mrr = fields.Boolean("Net New MRR")
    kpi_subscription_net_new_mrr_value = fields.Monetary(
        compute="_compute_kpi_subscription_net_new_mrr_value"
    )
    kpi_subscription_churned = fields.Boolean("Churned Contracts")
    kpi_subscription_churned_value = fields.Integer(
        compute="_compute_kpi_subscription_churned_value"
    )

    def _compute_kpi_subscription_mrr_value(self):
        """Compute what the MRR was at the end: it is a stock, all that came before.

        Odoo's method would begin where the frame does.
        """
        self._check_subscription_kpi()
        _start, end, companies = self._get_kpi_compute_parameters()
        sums = dict(
            self.env["subscription.event"]._read_group(
                [("company_id", "in", companies.ids), ("event_date", "<", end)],
                ["company_id"],
                ["mrr_change:sum"],
            )
        )
        for digest in self:
            company = digest.company_id or self.env.company
            digest.kpi_subscription_mrr_value = sums.get(company, 0)

    def _compute_kpi_subscription_net_new_mrr_value(self):
        self._check_subscription_kpi()
        self._calculate_company_based_kpi(
            "subscription.movement.report",
            "kpi_subscription_net_new_mrr_value",
            date_field="event_date",
            sum_field="net_new_mrr",
        )

    def _compute_kpi_subscription_churned_value(self):
        self._check_subscription_kpi()
        self._calculate_company_based_kpi(
            "subscription.movement.report",
            "kpi_subscription_churned_value",
            date_field="event_date",
            sum_field="lost_contracts",
        )

    def _check_subscription_kpi(self):
        """Refuse to those who see only own contracts, as sales figures do.

        :raise AccessError: which leaves the figure out of the mail
        """
        if not self.env.user.has_group("sales_team.group_sale_salesman_all_leads"):
            raise AccessError(
                self.env._("Do not have access, skip this data for user's digest email")
            )

    def _compute_kpis_actions(self, company, user):
        """Override to open the report that has the figure's rows."""
        actions = super()._compute_kpis_actions(company, user)
        menu = self.env.ref("subscriptions.subscription_menu_root").id
        for kpi, action in (
            ("mrr", "subscription_event_action_over_time"),
            ("net_new_mrr", "subscription_event_action_breakdown"),
            ("churned", "subscription_movement_report_action_churn"),
        ):
            actions[f"kpi_subscription_{kpi}"] = (
                f"subscriptions.{action}?menu_id={menu}"
            )
        return actions
