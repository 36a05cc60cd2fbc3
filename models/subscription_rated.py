"""How satisfied the customers of a plan, of a team or of a whole company are."""

from odoo import fields, models
from odoo.fields import Domain

from ..const import PERCENT_PER_POINT

READERS = (
    "sales_team.group_sale_salesman,"
    "account.group_account_invoice,account.group_account_readonly"
)


class SubscriptionRated(models.AbstractModel):
    """Sums up the ratings of contracts, each of them with the same weight."""

    _name = "subscription.rated"
    _description = "Rated by Customers"

    # Under which field of the report the ratings of a record are found.
    _rating_field = None

    subscription_satisfaction = fields.Float(
        string="Satisfaction (%)",
        compute="_compute_subscription_satisfaction",
        groups=READERS,
        help="Average of all ratings of its contracts; 5 of 5 is 100 %.",
    )
    subscription_rating_count = fields.Integer(
        string="Ratings of Contracts",
        compute="_compute_subscription_satisfaction",
        groups=READERS,
    )

    def _compute_subscription_satisfaction(self):
        points = dict.fromkeys(self, 0.0)
        counts = dict.fromkeys(self, 0)
        groups = self.env["subscription.rating.report"]._read_group(
            self._get_ratings_domain(),
            [self._rating_field],
            ["__count", "rating:sum"],
        )
        for group, count, total in groups:
            for record in self._get_rated(group):
                counts[record] += count
                points[record] += total
        for record in self:
            count = counts[record]
            record.subscription_rating_count = count
            record.subscription_satisfaction = (
                PERCENT_PER_POINT * points[record] / count if count else 0.0
            )

    def _get_ratings_domain(self):
        """Return the domain of the ratings that count for some of the records.

        :rtype: Domain
        """
        return Domain(self._rating_field, "in", self.ids)

    def _get_rated(self, group):
        """Return those of the records for which the ratings of a group count.

        :param group: of the rating field
        """
        return self & group

    def action_view_subscription_ratings(self):
        """Open the ratings of its contracts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.subscription_rating_report_action"
        )
        action["domain"] = list(self._get_ratings_domain())
        action["context"] = {}
        action["views"] = [
            (view_id, mode) for view_id, mode in action["views"] if mode != "form"
        ]
        action["views"].sort(key=lambda view: view[1] != "list")
        return action


class SubscriptionPlan(models.Model):
    _name = "subscription.plan"
    _inherit = ["subscription.plan", "subscription.rated"]

    _rating_field = "plan_id"


class CrmTeam(models.Model):
    _name = "crm.team"
    _inherit = ["crm.team", "subscription.rated"]

    _rating_field = "team_id"


class ResPartner(models.Model):
    _name = "res.partner"
    _inherit = ["res.partner", "subscription.rated"]

    _rating_field = "partner_id"

    def _get_ratings_domain(self):
        """Override: what the contacts of a company say counts for it."""
        return Domain("partner_id", "child_of", self.ids)

    def _get_rated(self, group):
        """Override: the contact and all above it."""
        rated = self.browse()
        while group:
            rated |= self & group
            group = group.parent_id
        return rated
