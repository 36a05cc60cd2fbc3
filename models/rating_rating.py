"""Ratings of contracts: what they count for, and who may touch them."""

from odoo import api, fields, models
from odoo.exceptions import AccessError
from odoo.fields import Domain

from odoo.addons.rating.models import rating_data

# What an order's satisfaction is made of.
COUNTED = {"consumed", "rating", "res_id", "res_model", "res_model_id"}
# What a customer said, and who did.
CUSTOMERS_OWN = COUNTED | {
    "access_token",
    "asked_on",
    "feedback",
    "order_id",
    "partner_id",
    "rated_on",
    "rated_partner_id",
}


class RatingRating(models.Model):
    _inherit = "rating.rating"

    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        compute="_compute_order_id",
        store=True,
        index="btree_not_null",
        help="The order that was rated, if it was one.",
    )
    asked_on = fields.Datetime(
        readonly=True,
        help="When the customer was last asked by mail. Odoo makes ratings of whatever "
        "a mail is tried out with, too.",
    )

    @api.depends("res_id", "res_model")
    def _compute_order_id(self):
        of_orders = self.filtered(lambda one: one.res_model == "sale.order")
        (self - of_orders).order_id = False
        if of_orders:
            orders = self.env["sale.order"].browse(of_orders.mapped("res_id")).exists()
            for rating in of_orders:
                rating.order_id = orders & orders.browse(rating.res_id)

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override of `rating`: what was rated knows what it comes to."""
        ratings = super().create(vals_list)
        orders = ratings.order_id
        if orders:
            ratings.filtered("order_id")._refuse_typing()
            ratings.filtered("consumed").order_id._update_satisfaction()
        return ratings

    def write(self, vals):
        """Override of `rating`: what was rated knows what it comes to."""
        if not CUSTOMERS_OWN & vals.keys():
            return super().write(vals)
        self.filtered("order_id")._refuse_typing()
        orders = self.order_id
        result = super().write(vals)
        if COUNTED & vals.keys():
            (orders | self.order_id)._update_satisfaction()
        return result

    def unlink(self):
        """Override of `rating`: what was rated knows what it comes to."""
        orders = self.filtered("consumed").order_id
        result = super().unlink()
        orders.exists()._update_satisfaction()  # or it is deleted with its ratings
        return result

    def _refuse_typing(self):
        if self and not self.env.su:
            raise AccessError(
                self.env._(
                    "What customers say of a contract is written by nobody else."
                )
            )

    # === HELPERS === #

    @api.model
    def _get_given_domain(self):
        """Return the domain of ratings that were given, not just asked for.

        Hook: an addon that leaves some out does so here.

        :rtype: Domain
        """
        return Domain("consumed", "=", True) & Domain(
            "rating", ">=", rating_data.RATING_LIMIT_MIN
        )

    def _get_rated_contract(self):
        """Return the contract that is rated; empty for anything else.

        :rtype: sale.order
        """
        self.ensure_one()
        return self.order_id.filtered("subscription_state")

    def _get_face(self):
        """Return which of Odoo's three faces stands for the rating: 5, 3 or 1.

        :rtype: int
        """
        self.ensure_one()
        return rating_data._rating_to_threshold(self.rating)

    def _get_answer_label(self):
        """Return the rating in a word, in the reader's language.

        :rtype: str
        """
        self.ensure_one()
        labels = dict(self._fields["rating_text"]._description_selection(self.env))
        return labels.get(self.rating_text, "")
