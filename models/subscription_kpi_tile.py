"""The tiles of the KPI board: what each is called, means and is made of, in words."""

from odoo import models
from odoo.tools import format_amount, formatLang

# An amount as large is shown without its decimals.
LARGE = 10_000

GAINS = ("new", "reactivation", "expansion")
LOSSES = ("churn", "contraction")


class SubscriptionKpi(models.AbstractModel):
    _inherit = "subscription.kpi"

    def _get_tiles(self):
        """Return the tiles of the board, in their order.

        Hook for other addons. A key is one of the figures; good is 1 where more is
        better, -1 where less is; rows are the kinds of events that add up to it, or
        all, contracts, revenue or once.

        :return: dicts with key, label, format, good and rows
        :rtype: list[dict]
        """
        tiles = (
            ("mrr", self.env._("MRR"), "monetary", 1, "all"),
            (
                "net_new_mrr",
                self.env._("Net New MRR"),
                "monetary",
                1,
                (*GAINS, *LOSSES),
            ),
            ("arr", self.env._("ARR"), "monetary", 1, "all"),
            ("contracts", self.env._("Contracts"), "integer", 1, "contracts"),
            (
                "revenue_per_contract",
                self.env._("MRR per Contract"),
                "monetary",
                1,
                "all",
            ),
            ("lifetime_value", self.env._("Lifetime Value"), "monetary", 1, "all"),
            ("logo_churn", self.env._("Logo Churn"), "percentage", -1, ("churn",)),
            (
                "gross_revenue_churn",
                self.env._("Gross Revenue Churn"),
                "percentage",
                -1,
                LOSSES,
            ),
            (
                "net_revenue_churn",
                self.env._("Net Revenue Churn"),
                "percentage",
                -1,
                (*LOSSES, "expansion", "reactivation"),
            ),
            (
                "net_revenue_retention",
                self.env._("Net Revenue Retention"),
                "percentage",
                1,
                ("expansion", *LOSSES),
            ),
            (
                "gross_revenue_retention",
                self.env._("Gross Revenue Retention"),
                "percentage",
                1,
                LOSSES,
            ),
            ("quick_ratio", self.env._("Quick Ratio"), "float", 1, (*GAINS, *LOSSES)),
            ("net_revenue", self.env._("Net Revenue"), "monetary", 1, "revenue"),
            (
                "non_recurring_revenue",
                self.env._("Non-Recurring Revenue"),
                "monetary",
                0,
                "once",
            ),
        )
        names = ("key", "label", "format", "good", "rows")
        return [dict(zip(names, tile, strict=True)) for tile in tiles]

    def _format(self, kind, number):
        """Return a figure as text, "n/a" where there is none.

        :param str kind: monetary, percentage, integer or float
        :rtype: str
        """
        if number is None:
            return self.env._("n/a")
        if kind == "monetary":
            return self._format_money(number)
        if kind == "percentage":
            return f"{formatLang(self.env, 100 * number, digits=2)} %"
        return formatLang(self.env, number, digits=0 if kind == "integer" else 2)

    def _format_money(self, amount):
        currency = self.env.company.currency_id
        if abs(amount) < LARGE:
            return format_amount(self.env, amount + 0.0, currency)
        text = formatLang(self.env, round(amount), digits=0)
        parts = (currency.symbol, text)
        return "\N{NO-BREAK SPACE}".join(
            parts if currency.position == "before" else reversed(parts)
        )

    def _get_formula(self, key, values):
        """Return in words, and with its numbers, how a figure comes about.

        Hook for other addons that add tiles.

        :param str key: of the tile
        :param dict values: the figures of the span
        :rtype: str
        """
        method = getattr(self, f"_get_formula_{key}", None)
        return method(self._get_texts(values)) if method else ""

    def _get_texts(self, values):
        shares = {
            "logo_churn",
            "monthly_logo_churn",
            "gross_revenue_churn",
            "net_revenue_churn",
        }

        def describe(name, number):
            if "contracts" in name:
                return self._format("integer", number)
            return self._format("percentage" if name in shares else "monetary", number)

        return {name: describe(name, number) for name, number in values.items()}

    def _get_formula_mrr(self, texts):
        return self.env._(
            "What running contracts bring in per month, at the end of the span: "
            "opening %(opening_mrr)s, net new %(net_new_mrr)s, and what exchange rates "
            "and moves into or out of the filter made of it.",
            **texts,
        )

    def _get_formula_net_new_mrr(self, texts):
        return self.env._(
            "New %(new_mrr)s + reactivated %(reactivation_mrr)s + expansion "
            "%(expansion_mrr)s − contraction %(contraction_mrr)s − churn %(churn_mrr)s",
            **texts,
        )

    def _get_formula_arr(self, texts):
        return self.env._("12 × MRR: 12 × %(mrr)s", **texts)

    def _get_formula_contracts(self, texts):
        return self.env._(
            "Contracts that count at the end of the span: %(opening_contracts)s at the "
            "start, %(new_contracts)s new, %(lost_contracts)s lost, and those that "
            "came back.",
            **texts,
        )

    def _get_formula_revenue_per_contract(self, texts):
        return self.env._("MRR ÷ contracts: %(mrr)s ÷ %(contracts)s", **texts)

    def _get_formula_lifetime_value(self, texts):
        return self.env._(
            "MRR per contract ÷ monthly logo churn: %(revenue_per_contract)s ÷ "
            "%(monthly_logo_churn)s. Without churn, nobody knows.",
            **texts,
        )

    def _get_formula_logo_churn(self, texts):
        return self.env._(
            "Contracts lost ÷ contracts at the start: %(lost_contracts)s ÷ "
            "%(opening_contracts)s",
            **texts,
        )

    def _get_formula_gross_revenue_churn(self, texts):
        return self.env._(
            "(Churn + contraction) ÷ opening MRR: (%(churn_mrr)s + "
            "%(contraction_mrr)s) ÷ %(opening_mrr)s",
            **texts,
        )

    def _get_formula_net_revenue_churn(self, texts):
        return self.env._(
            "(Churn + contraction − expansion − reactivated) ÷ opening MRR: "
            "(%(churn_mrr)s + %(contraction_mrr)s − %(expansion_mrr)s − "
            "%(reactivation_mrr)s) ÷ %(opening_mrr)s. Below 0, those who stay grow by "
            "more than is lost.",
            **texts,
        )

    def _get_formula_net_revenue_retention(self, texts):
        return self.env._(
            "Of the contracts at the opening: (opening MRR + expansion − contraction − "
            "churn) ÷ opening MRR: (%(opening_mrr)s + %(kept_gain)s − %(kept_loss)s) ÷ "
            "%(opening_mrr)s",
            **texts,
        )

    def _get_formula_gross_revenue_retention(self, texts):
        return self.env._(
            "Of the contracts at the opening: (opening MRR − contraction − churn) ÷ "
            "opening MRR, none losing more than it had: (%(opening_mrr)s − "
            "%(capped_loss)s) ÷ %(opening_mrr)s",
            **texts,
        )

    def _get_formula_quick_ratio(self, texts):
        return self.env._(
            "(New + reactivated + expansion) ÷ (churn + contraction): (%(new_mrr)s + "
            "%(reactivation_mrr)s + %(expansion_mrr)s) ÷ (%(churn_mrr)s + "
            "%(contraction_mrr)s). Above 1, the firm grows.",
            **texts,
        )

    def _get_formula_net_revenue(self, texts):
        return self.env._(
            "Invoices of contracts that were posted, less credit notes, untaxed, by "
            "the date of the invoice."
        )

    def _get_formula_non_recurring_revenue(self, texts):
        return self.env._(
            "The part of %(net_revenue)s net revenue that came from what is sold once, "
            "such as setup fees.",
            **texts,
        )
