from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    subscription_count = fields.Integer(
        string="Subscriptions",
        compute="_compute_subscription_count",
        groups="sales_team.group_sale_salesman",
    )

    def _compute_subscription_count(self):
        # A company counts the contracts of its contacts as well.
        partners = self.with_context(active_test=False).search_fetch(
            [("id", "child_of", self.ids)], ["parent_id"]
        )
        groups = self.env["sale.order"]._read_group(
            [
                ("partner_id", "in", partners.ids),
                ("subscription_state", "in", ("progress", "paused")),
            ],
            ["partner_id"],
            ["__count"],
        )
        self.subscription_count = 0
        for partner, count in groups:
            while partner:
                if partner in self:
                    partner.subscription_count += count
                partner = partner.parent_id

    def action_view_subscriptions(self):
        """Open the contracts of the customer and its contacts."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.sale_order_action_contracts"
        )
        action["domain"] = [
            ("partner_id", "child_of", self.id),
            ("subscription_state", "not in", (False, "draft")),
        ]
        action["context"] = {"default_partner_id": self.id}
        return action

    # === SELF-SERVICE === #

    def _get_current_partner(self, *, subscription_order_sudo=None, **kwargs):
        """Override of `portal`: an address for a contract is its customer's.

        Visitors by the link are not logged in, and colleagues enter no address of
        their own.
        """
        # Only we can hand over a record: what comes from a form is text.
        if isinstance(subscription_order_sudo, models.BaseModel):
            return subscription_order_sudo.partner_id
        return super()._get_current_partner(**kwargs)

    def _get_address_line(self):
        """Return name and address in one line, for people.

        :rtype: str
        """
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        name = self.name or self.parent_id.name  # addresses need none of their own
        return ", ".join(filter(None, [name, *self._get_address_text().splitlines()]))

    def _get_address_text(self):
        """Return the address without the name, in lines of which none is empty.

        :rtype: str
        """
        self.ensure_one()
        lines = self._display_address(without_company=True).splitlines()
        return "\n".join(filter(None, map(str.strip, lines)))
