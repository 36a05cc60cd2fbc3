from odoo import models
from odoo.fields import Domain


class ProductPricelist(models.Model):
    _inherit = "product.pricelist"

    def _get_applicable_rules(self, products, date, plan_id=None, **kwargs):
        """Override of `product` to put the prices of the plan first.

        The most specific rule wins: a rule of the plan beats one without; variant
        beats product beats category; a rule of this pricelist beats one without
        pricelist. Rules without pricelist apply to any, also to none at all.

        :param int plan_id: the order's plan, if it has one
        """
        Item = self.env["product.pricelist.item"]
        rules = super()._get_applicable_rules(products, date, plan_id=plan_id, **kwargs)
        if not plan_id:
            return rules
        rules |= Item.search(
            self._get_plan_rules_domain(products, date, plan_id, **kwargs)
        )
        # The sort is stable: within a rank, Odoo's own order decides.
        return rules.sorted(
            lambda rule: (
                not rule.plan_id,
                rule.applied_on,
                not rule.pricelist_id,
                -rule.min_quantity,
            )
        )

    def _get_applicable_rules_domain(self, products, date, plan_id=None, **kwargs):
        """Override of `product`: the prices of other plans do not apply."""
        domain = super()._get_applicable_rules_domain(products, date, **kwargs)
        plans = (False, plan_id) if plan_id else (False,)
        return list(Domain(domain) & Domain("plan_id", "in", plans))

    def _get_plan_rules_domain(
        self, products, date, plan_id, company_id=None, **kwargs
    ):
        """Return the domain of the plan's prices that hold for any pricelist.

        :param int company_id: the order's company, default the one at work
        :rtype: Domain
        """
        domain = Domain(self._get_applicable_rules_domain(products, date, **kwargs))
        company = self.env["res.company"].browse(company_id) or self.env.company
        return (
            domain.map_conditions(self._drop_pricelist_and_plan)
            & Domain("pricelist_id", "=", False)
            & Domain("plan_id", "=", plan_id)
            & Domain("company_id", "in", (False, *company.sudo().parent_ids.ids))
        )

    @staticmethod
    def _drop_pricelist_and_plan(condition):
        dropped = condition.field_expr in ("pricelist_id", "plan_id")
        return Domain.TRUE if dropped else condition
