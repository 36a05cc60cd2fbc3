from odoo import fields, models

from ..const import DEFAULT_ANOMALY_FACTOR


class ResCompany(models.Model):
    _inherit = "res.company"

    subscription_anomaly_factor = fields.Float(
        string="Unusual Amount From",
        default=DEFAULT_ANOMALY_FACTOR,
        help="An invoice of more than so many times the largest of the contract's last "
        "ones is held for a person. 0: none is.",
    )

    cancellation_user_id = fields.Many2one(
        comodel_name="res.users",
        string="Unmatched Cancellations",
        domain="[('share', '=', False), ('company_ids', 'in', id)]",
        ondelete="set null",
        help="Sees to cancellations whose contract is not found by itself. Empty: a "
        "sales manager of the company.",
    )

    _subscription_anomaly_factor_positive = models.Constraint(
        "CHECK (subscription_anomaly_factor >= 0)",
        "The factor of unusual amounts cannot be negative.",
    )

    def _get_cancellation_user(self):
        """Return who sees to cancellations whose contract is not known.

        Hook for other addons. Always somebody who can read them, if there is anybody.

        :rtype: res.users
        """
        self.ensure_one()
        # sudo: to find somebody, not to read about them
        company = self.sudo()
        group = "sales_team.group_sale_salesman_all_leads"
        readers = (
            self.env.ref(group)
            .sudo()
            .all_user_ids.filtered(
                lambda user: user.active
                and not user.share
                and company in user.company_ids
            )
        )
        managers = readers.filtered(
            lambda user: user.has_group("sales_team.group_sale_manager")
        )
        chosen = company.cancellation_user_id & readers
        return (chosen or managers or readers)[:1] or self.env.ref("base.user_admin")
