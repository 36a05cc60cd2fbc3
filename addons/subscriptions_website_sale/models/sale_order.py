"""What a cart with subscriptions comes to: now, once, and every period of each plan."""

from odoo import api, fields, models
from odoo.tools import format_date

from odoo.addons.subscriptions.const import CONTRACT_STATES, QUOTATION_STATES
from odoo.addons.subscriptions.engine.proration import exact


class SaleOrder(models.Model):
    _inherit = "sale.order"

    cart_id = fields.Many2one(
        comodel_name="sale.order",
        string="Bought With",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        help="The order that was paid for this one too: in the web shop, both were in "
        "one cart.",
    )
    cart_part_ids = fields.One2many(
        comodel_name="sale.order",
        inverse_name="cart_id",
        string="Bought Together",
        readonly=True,
    )

    @api.depends("cart_part_ids.order_line")
    def _compute_website_order_line(self):
        """Override of `website_sale`: what was bought together is shown together."""
        super()._compute_website_order_line()
        for order in self.filtered("cart_part_ids"):
            order.website_order_line += order.cart_part_ids.order_line.filtered(
                lambda line: line._show_in_cart()
            )

    # === PARTS: WHAT WILL BE A CONTRACT OF ITS OWN === #

    def _get_cart_parts(self):
        """Return the lines of each contract that the order becomes when confirmed.

        What does not recur goes with the first, but for what belongs to a line of
        another: its setup fee, the parts of a combo.

        :return: plan and lines of each part, the order's own first
        :rtype: list[tuple]
        """
        self.ensure_one()
        plans = {}
        is_cart = self.website_id and not self.parent_order_id
        for line in self.order_line if is_cart else ():
            plan = line.cart_plan_id
            if line.combo_item_id:
                continue  # it goes with its combo
            if plan and plan != self.plan_id and line.is_recurring:
                plans[plan] = plans.get(plan, self.order_line.browse()) | line
        parts = []
        rest = self.order_line
        for plan, lines in plans.items():
            linked = self.order_line.filtered(
                lambda line, lines=lines: line.linked_line_id in lines
                and (line.combo_item_id or line._is_setup_fee())
            )
            parts.append((plan, lines | linked))
            rest -= lines | linked
        return [(self.plan_id, rest), *parts]

    def _is_cart_of_many(self):
        """Tell whether the order becomes several contracts when it is confirmed."""
        self.ensure_one()
        return self.state in QUOTATION_STATES and len(self._get_cart_parts()) > 1

    def _get_rebate_shares(self, parts):
        """Return how rebates of the whole cart are spread over its parts.

        In proportion to what is due now of each part; what rounding leaves stays with
        the first.

        :param list[tuple] parts: see `_get_cart_parts`
        :return: for each rebate, price per unit by part; lines that recur have none
        :rtype: dict
        """
        self.ensure_one()
        rebates = parts[0][1].filtered(
            lambda line: not line.is_recurring and line.price_subtotal < 0
        )
        if not rebates:
            return {}
        weights = [
            self._suppose_part(plan, lines - rebates)._get_amount_due_now()
            for plan, lines in parts
        ]
        if not any(weights):  # whenever it is due
            weights = [
                sum((lines - rebates).mapped("price_total")) for _plan, lines in parts
            ]
        total = sum(weights)
        shares = {}
        for rebate in rebates if total > 0 else ():
            amounts = [
                self.currency_id.round(rebate.price_unit * weight / total)
                for weight in weights
            ]
            rest = exact(rebate.price_unit) - sum(map(exact, amounts[1:]))
            shares[rebate] = [float(rest), *amounts[1:]]
        return shares

    def _each_contract(self):
        """Yield the contracts that the order becomes, as far as they can be supposed.

        One after the other: each is gone when the next one comes.

        :return: the order itself, or unsaved copies that have its lines
        :rtype: Iterator[sale.order]
        """
        self.ensure_one()
        if not self._is_cart_of_many():
            yield self
            return
        parts = self._get_cart_parts()
        shares = self._get_rebate_shares(parts)
        for index, (plan, lines) in enumerate(parts):
            amounts = {rebate: shares[rebate][index] for rebate in shares}
            yield self._suppose_part(plan, lines, amounts)
        self._suppose()

    def _suppose_part(self, plan, lines, rebates=None):
        """Return the contract that some lines of a cart become, as an unsaved copy.

        :param plan: its plan
        :param lines: its lines
        :param dict rebates: prices per unit of rebates that it has a share in
        :rtype: sale.order
        """
        rebates = rebates or {}
        draft = self._suppose()
        with self._keeping_prices(draft.order_line):
            draft.order_line = draft.order_line.filtered(
                lambda line: line._origin in lines or line._origin in rebates
            )
            draft.plan_id = plan
            # As the customer was asked, also while it is being confirmed.
            draft.state = "draft"
            # Else whoever asks what is due would suppose it anew.
            draft.start_date = self.start_date or self._get_today()
            for line in draft.order_line:
                line.cart_plan_id = False
                if line._origin in rebates:
                    line.price_unit = rebates[line._origin]
        return draft

    # === WHAT IT COMES TO === #

    def _get_amount_due_now(self):
        """Override of `subscriptions`: what is due now of all contracts of a cart."""
        if not self._is_cart_of_many():
            return super()._get_amount_due_now()
        return sum(part._get_amount_due_now() for part in self._each_contract())

    def preview_invoices(self, count=12):
        """Override of `subscriptions`: invoices of all contracts of a cart, by day."""
        if not self._is_cart_of_many():
            return super().preview_invoices(count)
        invoices = [
            invoice
            for part in self._each_contract()
            for invoice in part.preview_invoices(count)
        ]
        return sorted(invoices, key=lambda one: one["invoice_date"])[:count]

    def _get_totals_apart(self):
        """Override of `subscriptions`: what recurs, of each plan of a cart apart."""
        if not self._is_cart_of_many():
            return super()._get_totals_apart()
        once, recurring = [], []
        for part in self._each_contract():
            for total in part._get_totals_apart():
                (once if total["kind"] == "once" else recurring).append(total)
        if once:
            names = ("amount_untaxed", "amount_tax", "amount_total")
            sums = {name: sum(total[name] for total in once) for name in names}
            once = [{**once[0], **sums}]
        return once + recurring

    def _get_cart_summary(self):
        """Return what the cart comes to, for the shop.

        :return: due (now, taxes included), tax (of that), and rows with label, amount
            (taxes as the shop shows them), date (when it is due next, False for what is
            paid once)
        :rtype: dict
        """
        self.ensure_one()
        today = self._get_today()
        shown = self._get_shown_amount()
        due = {"amount_total": 0.0, "amount_tax": 0.0}
        once, rows = 0.0, []
        for part in self._each_contract():
            invoices = part.preview_invoices(2)
            upcoming = [one for one in invoices if one["invoice_date"] > today]
            if invoices and invoices[0]["invoice_date"] <= today:
                for name in due:
                    due[name] += invoices[0][name]
            for total in part._get_totals_apart():
                if total["kind"] == "once":
                    once += total[shown]
                else:
                    rows.append(
                        {
                            "label": total["label"],
                            "amount": total[shown],
                            "date": upcoming[0]["invoice_date"] if upcoming else False,
                        }
                    )
        if once:
            label = self._get_totals_label("once")
            rows.insert(0, {"label": label, "amount": once, "date": False})
        return {
            "due": max(due["amount_total"], 0.0),
            "tax": due["amount_tax"],
            "rows": rows,
        }

    def _get_bought_summary(self):
        """Return what the contracts of a cart came to, as `_get_cart_summary` does.

        :return: due is what was paid
        :rtype: dict
        """
        self.ensure_one()
        shown = self._get_shown_amount()
        once, rows = 0.0, []
        for order in self | self.cart_part_ids:
            for total in order._get_totals_apart():
                if total["kind"] == "once":
                    once += total[shown]
                else:
                    date = order.billing_date or False
                    rows.append(
                        {"label": total["label"], "amount": total[shown], "date": date}
                    )
        if once:
            label = self._get_totals_label("once")
            rows.insert(0, {"label": label, "amount": once, "date": False})
        payment = self.get_portal_last_transaction()
        is_paid = payment.state in ("authorized", "done")
        is_paid = is_paid and payment.operation != "validation"
        return {"due": payment.amount if is_paid else 0.0, "tax": 0.0, "rows": rows}

    def _get_shown_amount(self):
        """Return which amount the shop shows: with or without taxes."""
        is_excluded = (
            self.website_id.show_line_subtotals_tax_selection == "tax_excluded"
        )
        return "amount_untaxed" if is_excluded else "amount_total"

    def _get_cart_terms(self):
        """Return what the customer orders: each contract, how it renews and ends.

        :return: dicts with plan, amount (in words) and text
        :rtype: list[dict]
        """
        self.ensure_one()
        today = self._get_today()
        terms = []
        for part in self._each_contract():
            plan = part.plan_id
            recurring = [
                total
                for total in part._get_totals_apart()
                if total["kind"] == "recurring"
            ]
            if not recurring:
                continue
            texts = [plan._get_renewal_text(), plan._get_cancellation_text()]
            first = part.preview_invoices(1)
            if plan.trial_days and first and first[0]["invoice_date"] > today:
                texts.insert(
                    0,
                    self.env._(
                        "Free until it is first charged, on %s.",
                        format_date(
                            self.env, first[0]["invoice_date"], date_format="long"
                        ),
                    ),
                )
            terms.append(
                {
                    "plan": plan.name,
                    "amount": self.env._(
                        "%(amount)s every %(period)s, taxes included",
                        amount=self.currency_id.format(recurring[0]["amount_total"]),
                        period=plan.billing_period_label,
                    ),
                    "text": " ".join(texts),
                }
            )
        return terms

    def _charges_by_itself(self):
        """Tell whether invoices of the cart are charged, and not only sent."""
        self.ensure_one()
        return any(
            plan.invoice_mode == "charge" for plan, _lines in self._get_cart_parts()
        )

    def _is_subscription_cart(self):
        """Tell whether the shop asks for what is due, and not for the total.

        :rtype: bool
        """
        return bool(self) and self._asks_what_is_due()

    def _get_cart_amount(self):
        """Return what the shop asks for now, taxes included."""
        self.ensure_one()
        if self._is_subscription_cart():
            return self._get_amount_due_now()
        if self._get_bought_contracts():
            return self._get_bought_summary()["due"]
        return self.amount_total

    def _asks_for_payment_method(self):
        """Tell whether the checkout shows a payment form.

        :rtype: bool
        """
        self.ensure_one()
        return bool(self.amount_total) or self._is_subscription_cart()

    def _get_bought_contracts(self):
        """Return the contracts that the order became, for the page that says thank you.

        :rtype: sale.order
        """
        self.ensure_one()
        return (self | self.cart_part_ids).filtered(
            lambda order: order.subscription_state in CONTRACT_STATES
        )

    def _is_paid_as_asked(self, transaction):
        """Tell whether a payment was of what the shop asked for.

        :param transaction: the payment.transaction
        :rtype: bool
        """
        self.ensure_one()
        if self.plan_id:
            return self.state == "sale"
        return not self.currency_id.compare_amounts(
            self.amount_total, transaction.amount
        )
