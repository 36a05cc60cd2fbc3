"""Orders that belong to a contract, and the upsells that join it.

The renewals that follow it stand in ``sale_order_renewal.py``.
"""

from odoo import api, fields, models
from odoo.fields import Command
from odoo.tools import format_date

from ..const import QUOTATION_STATES
from ..engine import lifecycle


class SaleOrder(models.Model):
    _inherit = "sale.order"

    parent_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        readonly=True,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        help="The contract that this upsell joins, or that this renewal follows.",
    )
    root_order_id = fields.Many2one(
        comodel_name="sale.order",
        string="First Contract",
        compute="_compute_root_order_id",
        store=True,
        recursive=True,
        copy=False,
        index="btree_not_null",
        help="The contract the customer began with.",
    )
    child_order_ids = fields.One2many(
        comodel_name="sale.order",
        inverse_name="parent_order_id",
        string="Upsells and Renewals",
        copy=False,
    )
    family_count = fields.Integer(
        string="Linked Orders", compute="_compute_family_count"
    )

    @api.depends("parent_order_id.root_order_id", "is_subscription")
    def _compute_root_order_id(self):
        for order in self:
            parent = order.parent_order_id
            root = parent.root_order_id or parent
            order.root_order_id = root or (order.is_subscription and order._origin)

    def _compute_family_count(self):
        # sudo: the number of orders, not what is in them
        groups = self.sudo()._read_group(
            [("root_order_id", "in", self.root_order_id.ids)],
            ["root_order_id"],
            ["__count"],
        )
        counts = {root.id: count for root, count in groups}
        for order in self:
            order.family_count = max(counts.get(order.root_order_id.id, 0) - 1, 0)

    def action_view_family(self):
        """Open the orders linked with this one, by upsells and renewals."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.sale_order_action_family"
        )
        action["domain"] = [("root_order_id", "=", self.root_order_id.id)]
        return action

    # === NEW QUOTATIONS === #

    def action_upsell(self):
        """Make a quotation for more, and open it.

        It starts with the contract's recurring products, none of each.

        :raise UserError: for a contract that does not run
        """
        self.ensure_one()
        self._check_may_change()
        lines = self.order_line.filtered(
            lambda line: line.is_recurring
            and line.product_type != "combo"
            and not line.combo_item_id
        )
        none = dict.fromkeys(lines, {"product_uom_qty": 0.0})
        upsell = self._create_linked_order("upsell", lines, none, end_date=False)
        return upsell._get_form_action()

    def _create_linked_order(self, kind, lines, line_values, **values):
        """Return a quotation with lines of the contract, linked to it.

        Prices are those of the contract: who typed one once need not do so again.

        :param str kind: upsell or renewal
        :param lines: the contract's lines to take over
        :param dict line_values: what differs, by line
        :rtype: sale.order
        """
        commands = [
            Command.create(
                {**vals, **line_values.get(line, {}), "parent_line_id": line.id}
            )
            for line, vals in zip(lines, lines.copy_data(), strict=True)
        ]
        # sudo: the link to the contract is kept from typing; who may change the
        # contract has been asked, and who may create orders is asked here
        self.env["sale.order"].check_access("create")
        values = {
            "parent_order_id": self.id,
            "subscription_kind": kind,
            "origin": self.name,
            "plan_id": self._get_plan_on(
                max(values.get("start_date") or self._get_today(), self._get_today())
            ).id,
            "order_line": commands,
            "user_id": self.user_id.id,
            **values,
        }
        order = self.sudo().copy(values).with_env(self.env)
        order.message_post_with_source(
            "mail.message_origin_link",
            render_values={"self": order, "origin": self},
            subtype_xmlid="mail.mt_note",
        )
        return order

    def _get_form_action(self):
        return {
            "type": "ir.actions.act_window",
            "res_model": "sale.order",
            "res_id": self.id,
            "views": [(False, "form")],
        }

    # === CONFIRMATION === #

    def _get_family_obstacle(self):
        """Return why an upsell or a renewal cannot be confirmed, or False."""
        self.ensure_one()
        if self.subscription_kind == "upsell":
            return self._get_upsell_obstacle()
        return self._get_renewal_obstacle()

    def _get_upsell_obstacle(self):
        contract = self.parent_order_id.sudo()  # sudo: to say what is wrong with it
        if contract.subscription_state != lifecycle.PROGRESS:
            return self.env._(
                "%s is not in progress: nothing can be added to it.", contract.name
            )
        if self.plan_id != contract.plan_id or self.currency_id != contract.currency_id:
            return self.env._(
                "An upsell has the plan and the currency of its contract: "
                "%(plan)s, %(currency)s.",
                plan=contract.plan_id.name,
                currency=contract.currency_id.name,
            )
        lines = self.order_line.filtered(lambda line: not line.display_type)
        if any(line.product_uom_qty < 0 for line in lines):
            return self.env._(
                "An upsell adds. To take something away, change the quantities of %s.",
                contract.name,
            )
        if not any(lines.mapped("product_uom_qty")):
            return self.env._("Say how many to add: all quantities are 0.")
        if (
            self.start_date
            and self.start_date < self._get_today()
            and not self.is_self_service  # paid for on that day
        ):
            return self.env._(
                "%s is over: an upsell starts today at the earliest.",
                format_date(self.env, self.start_date),
            )
        return False

    def action_confirm(self):
        """Override of `sale`: an upsell joins today, a renewal follows what is billed.

        What the contract was billed since the quotation was made moves its start.
        """
        for order in self.filtered("parent_order_id"):
            contract = order.parent_order_id.sudo()  # sudo: see `_confirm_renewal`
            if order.state not in QUOTATION_STATES:
                continue
            if order.subscription_kind == "renewal" and contract._may_be_renewed():
                contract._lock_contract()
                if contract.subscription_state == lifecycle.PAUSED:
                    # What lies within the pause is the contract's, and not billed.
                    contract._end_pause(order._get_today())
                    contract._bill()
                elif contract._has_freed_days():
                    contract._bill()  # its invoice was cancelled: the contract's own
                start = contract._get_renewal_start()
                if order.start_date != start:
                    order.start_date = start
                day = max(start, order._get_today())
                if order.plan_id != contract._get_plan_on(day):
                    order.sudo().anchor_date = False  # another rhythm begins
            elif order.subscription_kind == "upsell" and not order.start_date:
                order.start_date = max(order._get_today(), contract.start_date)
        return super().action_confirm()

    def _action_confirm(self):
        """Override of `sale`: here upsells and renewals take effect."""
        for order in self.filtered(lambda order: order.subscription_kind == "renewal"):
            order._confirm_renewal()
        result = super()._action_confirm()
        for order in self.filtered(
            lambda order: order.subscription_kind == "upsell" and order.parent_order_id
        ):
            order._join_contract()
        return result

    # === UPSELL === #

    def _join_contract(self):
        """Let what an upsell sells recur with its contract, from its start date on.

        The rest of the running period is billed at its share, what is sold once in
        full. Other open upsells of the contract were alternatives: they are cancelled.
        """
        self.ensure_one()
        # sudo: a salesperson, or a payment, confirms an upsell; what happens to the
        # contract follows from it
        contract = self.parent_order_id.sudo()
        contract._lock_contract()
        self._cancel_alternatives(contract)
        recurring = self.order_line.filtered(
            lambda line: line.is_recurring and line.product_uom_qty
        )
        commands = [
            Command.create(self._prepare_joining(line, target))
            for line, target in contract._get_joined_lines(recurring)
        ]
        contract._plan_change(
            "quantity",
            self._get_joining_day(),
            source_order_id=self.id,
            user_id=self.env.uid,
            line_ids=commands,
        )

    def _get_joining_day(self):
        """Return the first day that what an upsell sells is part of the contract.

        :rtype: date
        """
        self.ensure_one()
        return max(self.start_date, self._get_today())

    def _prepare_joining(self, line, target):
        return {
            "order_line_id": target.id,
            "source_line_id": line.id,
            "quantity_before": target.product_uom_qty,
            "quantity_change": line.product_uom_qty,
        }

    def _cancel_alternatives(self, contract):
        others = contract.child_order_ids.filtered(
            lambda order: order.subscription_kind == "upsell"
            and order.state in QUOTATION_STATES
        )
        for other in others - self.sudo():
            other._action_cancel()
            other.message_post(
                body=self.env._("Cancelled: %s was confirmed instead.", self.name)
            )

    def _get_joined_lines(self, added):
        """Return for each line of an upsell the contract's line it becomes a part of.

        The same product at the same price in the same unit: that line grows. Else a new
        one is made, with a quantity of 0.

        :param added: lines of the upsell
        :return: list of (line of the upsell, line of the contract)
        :rtype: list[tuple]
        """
        self.ensure_one()
        result, made = [], {}
        for line in added:
            target = self.order_line.filtered(line._is_same_sale)[:1]
            if not target:
                target = self._add_line(line, made)
            made[line] = target
            result.append((line, target))
        return result

    def _add_line(self, line, made):
        """Return a new line of the contract for one of an upsell, with nothing of it.

        :param line: the line of the upsell
        :param dict made: lines that were made or found before
        """
        values = line.copy_data(
            {
                "order_id": self.id,
                "product_uom_qty": 0.0,
                "parent_line_id": False,
                "sequence": max(self.order_line.mapped("sequence"), default=0) + 1,
            }
        )[0]
        if line.combo_item_id:
            linked = made.get(line._get_linked_line().with_env(line.env))
            values["linked_line_id"] = linked.id if linked else False
        Line = self.env["sale.order.line"].with_context(
            sale_no_log_for_new_lines=True, skip_procurement=True
        )
        return Line.create(values)

    def _prepare_one_time_lines(self):
        """Prepare the invoice lines of what an upsell sells once.

        :rtype: list[dict]
        """
        self.ensure_one()
        return [
            values
            for line in self._get_invoiceable_lines(final=False)
            if not line.is_recurring
            for values in line._prepare_invoice_lines_vals_list()
        ]
