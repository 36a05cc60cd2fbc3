"""Contacts that somebody entered who had no more than the link of a contract."""

from collections import defaultdict

from odoo import fields, models


class ResPartner(models.Model):
    _inherit = "res.partner"

    entered_by_link_date = fields.Date(
        string="Entered by Link On",
        copy=False,
        groups="sales_team.group_sale_manager",
        help="This contact was entered on the page of a contract, without a login. It "
        "gets no link to sign up, which would open all of its company, until "
        "you grant it portal access or empty this field.",
    )

    def _is_kept_from_signup(self):
        """Tell whether nobody may sign up as this contact by a mail that it gets.

        Whoever has a login was given it by a colleague.

        :rtype: bool
        """
        self.ensure_one()
        # sudo: asked for whoever sends a mail
        partner = self.sudo()
        return bool(partner.entered_by_link_date and not partner.user_ids)

    def signup_get_auth_param(self):
        """Override of `auth_signup`: who was entered by a link gets no token."""
        result = defaultdict(dict)
        others = self.filtered(lambda one: not one._is_kept_from_signup())
        result.update(super(ResPartner, others).signup_get_auth_param())
        return result

    def _generate_signup_token(self, expiration=None):
        """Override of `auth_signup`: whoever asks for it, there is none."""
        self.ensure_one()
        if self._is_kept_from_signup():
            return ""
        return super()._generate_signup_token(expiration)
