"""What of an order line is invoiced, and what is still to be: contracts by the period.

Odoo counts quantities; a contract's line is invoiced again with every period.
"""

from collections import defaultdict

from odoo import api, models


class SaleOrderLine(models.Model):
    _inherit = "sale.order.line"

    def _split_recurring(self):
        """Return (recurring lines of contracts, all other lines)."""
        recurring = self.filtered(
            lambda line: line.is_recurring and line.order_id.subscription_state
        )
        return recurring, self - recurring

    def _is_billed_by_delivery(self):
        """Tell whether each period bills what it delivered."""
        self.ensure_one()
        return (
            self.product_id.invoice_policy == "delivery"
            and self.product_id.type != "combo"
        )

    @api.depends("order_id.last_period_id", "invoice_lines.move_id.is_replaced")
    def _compute_qty_invoiced(self):
        """Override of `sale`: the quantity of the latest billed period.

        A quantity billed by delivery adds up over all periods, as Odoo has it.
        """
        recurring, _others = self._split_recurring()
        ordered = recurring.filtered(lambda line: not line._is_billed_by_delivery())
        super(SaleOrderLine, self - ordered)._compute_qty_invoiced()
        quantities = ordered._sum_invoice_lines(
            ["quantity:sum"],
            [("period_id", "in", ordered.order_id.last_period_id.ids)],
            states=("draft", "posted"),
        )
        for line in ordered:
            line.qty_invoiced = quantities[line._origin][0]

    def _prepare_qty_invoiced(self):
        """Override of `sale`: what a contract was credited stays billed.

        Odoo invoices again what a credit note takes back. On an order that bills
        itself, nobody would ask for it. An invoice that was replaced counts once.
        """
        of_contracts = self.filtered(lambda line: line.order_id.subscription_state)
        quantities = super(SaleOrderLine, self - of_contracts)._prepare_qty_invoiced()
        # sudo: salespeople may see what was invoiced, if not the invoices
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("sale_line_ids", "in", of_contracts._origin.ids),
                    ("move_id.move_type", "=", "out_invoice"),
                    ("move_id.is_replaced", "=", False),
                    ("parent_state", "!=", "cancel"),
                ],
                ["sale_line_ids", "product_uom_id"],
                ["quantity:sum"],
            )
        )
        known = {line._origin: line for line in of_contracts}
        for origin, uom, quantity in groups:
            if origin in known:
                quantities[known[origin]] += uom._compute_quantity(
                    quantity, origin.product_uom_id
                )
        return quantities

    def _compute_qty_invoiced_posted(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_qty_invoiced_posted()
        quantities = recurring._sum_invoice_lines(["quantity:sum"])
        for line in recurring:
            line.qty_invoiced_posted = quantities[line._origin][0]

    def _compute_untaxed_amount_invoiced(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_untaxed_amount_invoiced()
        amounts = recurring._sum_invoice_lines(["price_subtotal:sum"])
        for line in recurring:
            line.untaxed_amount_invoiced = amounts[line._origin][0]

    def _compute_amount_invoiced(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_amount_invoiced()
        amounts = recurring._sum_invoice_lines(["price_total:sum"])
        for line in recurring:
            line.amount_invoiced = amounts[line._origin][0]

    def _sum_invoice_lines(self, aggregates, domain=(), states=("posted",)):
        """Sum the invoice lines of these lines, less credit notes, in one query each.

        Odoo reads every invoice line ever made; a contract has them by the hundred.

        :return: list of sums for each line
        :rtype: dict
        """
        sums = defaultdict(lambda: [0.0] * len(aggregates))
        if not self.ids:
            return sums
        for move_type, sign in (("out_invoice", 1), ("out_refund", -1)):
            # sudo: salespeople may see what was invoiced, if not the invoices
            groups = (
                self.env["account.move.line"]
                .sudo()
                ._read_group(
                    [
                        ("sale_line_ids", "in", self.ids),
                        ("move_id.move_type", "=", move_type),
                        ("parent_state", "in", states),
                        *domain,
                    ],
                    ["sale_line_ids"],
                    aggregates,
                )
            )
            for line, *values in groups:
                for index, value in enumerate(values):
                    sums[line][index] += sign * value
        return sums

    @api.depends("is_recurring", "order_id.subscription_state")
    def _compute_qty_to_invoice(self):
        """Override of `sale`: what the next period's invoice will bill."""
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_qty_to_invoice()
        for line in others.filtered(lambda line: line._is_billed_for_contract()):
            line.qty_to_invoice = 0.0
        for line in recurring:
            if line.state != "sale":
                line.qty_to_invoice = 0.0
            elif line._is_billed_by_delivery():
                line.qty_to_invoice = line.qty_delivered - line.qty_invoiced
            else:
                live = line.order_id._is_live_contract()
                line.qty_to_invoice = line.product_uom_qty if live else 0.0

    @api.depends("is_recurring", "order_id.subscription_state")
    def _compute_invoice_status(self):
        """Override of `sale`: periods are invoiced by the run, nothing is pending.

        What an ended contract delivered and did not bill is left to a person.
        """
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_invoice_status()
        for line in others.filtered(lambda line: line._is_billed_for_contract()):
            if line.state == "sale":
                line.invoice_status = "invoiced"  # all the contract will bill of it
        for line in recurring:
            if line.qty_to_invoice > 0 and not line.order_id._is_live_contract():
                line.invoice_status = "to invoice"
            else:
                line.invoice_status = "invoiced" if line.qty_invoiced else "no"

    @api.depends("is_recurring")
    def _compute_untaxed_amount_to_invoice(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_untaxed_amount_to_invoice()
        for_contract = others.filtered(lambda line: line._is_billed_for_contract())
        (recurring | for_contract).untaxed_amount_to_invoice = 0.0

    @api.depends("is_recurring")
    def _compute_amount_to_invoice(self):
        recurring, others = self._split_recurring()
        super(SaleOrderLine, others)._compute_amount_to_invoice()
        for_contract = others.filtered(lambda line: line._is_billed_for_contract())
        (recurring | for_contract).amount_to_invoice = 0.0
