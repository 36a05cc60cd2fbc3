"""The KPI board: one call for all that it shows, and what its tiles open."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import format_date

from ..engine.kpi import MONTHS_PER_YEAR, months_until, named_span, span_before

SPANS = ("month", "last_month", "quarter", "year", "last_12_months", "custom")
# What the board is filtered by.
FILTERS = ("plan_id", "team_id", "user_id", "template_id", "country_id")
# Rows of the chart, from the axis outwards.
CHART_KINDS = (
    ("new", "new_mrr", 1),
    ("reactivation", "reactivation_mrr", 1),
    ("expansion", "expansion_mrr", 1),
    ("contraction", "contraction_mrr", -1),
    ("churn", "churn_mrr", -1),
)
# Nobody compares with what was before this day, or asks for what is after the other.
FIRST_DAY = fields.Date.to_date("1970-01-01")
LAST_DAY = fields.Date.to_date("2100-12-31")


class SubscriptionKpi(models.AbstractModel):
    _inherit = "subscription.kpi"

    @api.model
    @api.readonly
    def get_board(self, options=None):
        """Return all that the KPI board shows.

        :param dict options: span (see SPANS), date_from and date_to of a custom one,
            and filters: ids by field
        :rtype: dict
        """
        options = options or {}
        domain = self._get_board_domain(options.get("filters") or {})
        span, before = self._get_board_spans(options)
        months = months_until(span[1])
        today = self._get_today()
        # All of it is read in one pass.
        shown = list(dict.fromkeys([span, before, *months]))
        movements = self._get_movements([*shown, *self._get_past(today)], domain)
        values = self._get_values(shown, domain, movements)
        forecast = self._get_forecast(MONTHS_PER_YEAR, domain, movements)
        return {
            "span": self._describe_span(span),
            "before": self._describe_span(before),
            "tiles": [
                self._prepare_tile(tile, domain, span, before, months, values)
                for tile in self._get_tiles()
            ],
            "movements": self._prepare_movements(domain, months, values),
            "forecast": self._prepare_forecast(forecast),
            "filters": self._get_board_filters(),
            "currency_id": self.env.company.currency_id.id,
            "is_empty": not self.env["subscription.event"].search_count([], limit=1),
        }

    # === WHAT IS ASKED === #

    def _get_board_domain(self, filters):
        try:
            return Domain.AND(
                Domain(name, "in", [int(one) for one in filters[name]])
                for name in FILTERS
                if filters.get(name)
            )
        except (TypeError, ValueError) as error:
            raise UserError(self.env._("The board knows no such filter.")) from error

    def _get_board_spans(self, options):
        """Return the span, and the span before it.

        :rtype: tuple[tuple, tuple]
        """
        name = options.get("span") or "last_month"
        if name not in SPANS:
            raise UserError(self.env._("The board knows no such span: %s", name))
        if name == "custom":
            try:
                span = tuple(
                    fields.Date.to_date(options.get(key))
                    for key in ("date_from", "date_to")
                )
            except ValueError:
                span = (None, None)
            if not all(span) or not FIRST_DAY <= span[0] <= span[1] <= LAST_DAY:
                raise UserError(
                    self.env._("Choose a first day, and a last one that is not before.")
                )
            return span, span_before(*span)
        *span, months = named_span(name, self._get_today())
        return tuple(span), span_before(*span, months)

    # === WHAT IS SHOWN === #

    def _get_board_filters(self):
        """Return what one may filter by: what one may read.

        :rtype: list[dict]
        """
        infos = self.env["subscription.event"].fields_get(
            FILTERS, ["string", "relation"]
        )
        return [
            {"name": name, "label": info["string"], "model": info["relation"]}
            for name, info in ((name, infos[name]) for name in FILTERS)
            if self.env[info["relation"]].has_access("read")
        ]

    def _describe_span(self, span):
        return {
            "date_from": fields.Date.to_string(span[0]),
            "date_to": fields.Date.to_string(span[1]),
            "label": self.env._(
                "%(start)s to %(end)s",
                start=format_date(self.env, span[0]),
                end=format_date(self.env, span[1]),
            ),
        }

    def _describe_month(self, day):
        return format_date(self.env, day, date_format="MMM y")

    def _prepare_tile(self, tile, domain, span, before, months, values):
        """Return what one tile shows.

        :param dict tile: see :meth:`_get_tiles`
        :rtype: dict
        """
        key = tile["key"]
        now, past = values[span][key], values[before][key]
        return {
            "key": key,
            "label": tile["label"],
            "value": now,
            "text": self._format(tile["format"], now),
            "before_text": self._format(tile["format"], past),
            **self._compare(tile, now, past),
            "trend": [values[month][key] for month in months],
            "trend_texts": [
                f"{self._describe_month(month[0])}: "
                + self._format(tile["format"], values[month][key])
                for month in months
            ],
            "formula": self._get_formula(key, values[span]),
            "action": self._get_tile_action(tile, domain, span),
        }

    def _compare(self, tile, now, past):
        """Return how a figure differs from the span before, and whether that is good.

        :rtype: dict
        """
        if now is None or past is None:
            return {"difference": "", "mood": "none"}
        change = now - past
        if tile["format"] == "percentage":
            text = self.env._("%s points", f"{100 * change:+.2f}")
        elif tile["format"] == "monetary" and past > 0:
            text = f"{100 * change / past:+.1f} %"
        elif tile["format"] == "monetary":
            text = ("+" if change > 0 else "") + self._format("monetary", change)
        else:
            text = f"{change:+.2f}" if tile["format"] == "float" else f"{change:+d}"
        direction = (change > 1e-9) - (change < -1e-9)
        mood = {1: "good", -1: "bad"}.get(direction * tile["good"], "none")
        return {"difference": text, "mood": mood}

    def _prepare_movements(self, domain, months, values):
        """Return the chart of what moved the MRR, by month and kind.

        :rtype: dict
        """
        names = dict(self.env["subscription.event"].get_kinds())
        return {
            "months": [self._describe_month(month[0]) for month in months],
            "spans": [
                [fields.Date.to_string(month[0]), fields.Date.to_string(month[1])]
                for month in months
            ],
            "kinds": [
                {
                    "kind": kind,
                    "label": names[kind],
                    "values": [sign * values[month][key] for month in months],
                }
                for kind, key, sign in CHART_KINDS
            ],
            "mrr": [values[month]["mrr"] for month in months],
            "contracts": [values[month]["contracts"] for month in months],
            "action": self._prepare_event_action(self.env._("MRR Movements"), domain),
        }

    def _prepare_forecast(self, forecast):
        """Return the chart of the coming months, and in words how it is made.

        :rtype: dict
        """
        names = ("known_mrr", "trend_mrr", "known_contracts", "trend_contracts")
        method = self.env._(
            "Known is what stands today, and what is scheduled: changes of quantities, "
            "prices and plans, trials and contracts that end. The trend comes on top, "
            "from next month on: the mean of the last %(count)s full months, "
            "%(mrr)s and %(contracts)s contracts a month.",
            count=int(forecast["trend_months"]),
            mrr=self._format("monetary", forecast["trend_mrr"]),
            contracts=f"{forecast['trend_contracts']:+.1f}",
        )
        if not forecast["trend_months"]:
            method = self.env._(
                "Known is what stands today, and what is scheduled: changes of "
                "quantities, prices and plans, trials and contracts that end. There is "
                "no full month yet to take a trend from."
            )
        return {
            "months": [
                self._describe_month(one["month"]) for one in forecast["months"]
            ],
            **{name: [one[name] for one in forecast["months"]] for name in names},
            "method": method,
        }

    # === WHAT TILES OPEN === #

    def _get_tile_action(self, tile, domain, span):
        """Return the action that shows the rows a tile is made of.

        :param dict tile: see :meth:`_get_tiles`
        :rtype: dict
        """
        start, end = map(fields.Date.to_string, span)
        rows = tile["rows"]
        if rows in ("revenue", "once"):
            domain &= Domain("date", ">=", start) & Domain("date", "<=", end)
            if rows == "once":
                domain &= Domain("is_recurring", "=", False)
            return self._prepare_action(tile["label"], "subscription.revenue", domain)
        if rows == "contracts" and domain.is_true() and self._sees_all():
            Order = self.env["sale.order"]
            if Order.has_access("read"):
                return {
                    **self._prepare_action(
                        tile["label"],
                        Order._name,
                        Domain("counted_on", "=", end),
                    ),
                    "views": self._get_contract_views(),
                }
        domain &= Domain("event_date", "<=", end)
        if isinstance(rows, tuple):
            domain &= Domain("event_date", ">=", start) & Domain("kind", "in", rows)
            if "retention" in tile["key"]:
                domain &= Domain("root_active_before", "=", start)
        return self._prepare_event_action(tile["label"], domain)

    def _sees_all(self):
        """Tell whether somebody sees all contracts.

        Who sees their own alone sees events that were theirs, whoever has the contract
        now.
        """
        return self.env.su or any(
            self.env.user.has_group(group)
            for group in (
                "sales_team.group_sale_salesman_all_leads",
                "account.group_account_invoice",
                "account.group_account_readonly",
            )
        )

    def _get_contract_views(self):
        ref = self.env.ref
        return [
            (ref("subscriptions.sale_order_view_list_contracts").id, "list"),
            (ref("subscriptions.sale_order_view_pivot_contracts").id, "pivot"),
            (False, "form"),
        ]

    def _prepare_event_action(self, name, domain):
        action = self._prepare_action(name, "subscription.event", domain)
        return {**action, "views": [*action["views"], (False, "form")]}

    def _prepare_action(self, name, model, domain):
        return {
            "type": "ir.actions.act_window",
            "name": name,
            "res_model": model,
            "views": [(False, "list"), (False, "pivot"), (False, "graph")],
            "domain": list(domain),
            "context": {"create": False},
        }
