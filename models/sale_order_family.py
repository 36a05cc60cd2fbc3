"""Orders that belong to a contract: upsells join it, a renewal follows it."""

from odoo import api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Command
from odoo.tools import format_date

from ..const import MAX_LATE_RENEWAL_DAYS
from ..engine import lifecycle
from ..engine.period import ONE_DAY

QUOTATION_STATES = ("draft", "sent")


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
    renewal_proposed_date = fields.Date(
        readonly=True,
        copy=False,
        help="Day on which the renewal of the fixed term was proposed.",
    )

    _one_renewal = models.UniqueIndex(
        "(parent_order_id) WHERE subscription_kind = 'renewal' "
        "AND state IN ('draft', 'sent', 'sale')",
        "Another renewal of the contract is open, or made already.",
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

    def action_renew(self):
        """Make a quotation for the time after what is billed, and open it.

        :raise UserError: for a contract that does not run, or is being renewed
        """
        self.ensure_one()
        renewal = self._create_renewal()
        return renewal._get_form_action()

    def _create_renewal(self):
        """Return a new quotation that continues the contract.

        :rtype: sale.order
        """
        self.ensure_one()
        self.check_access("write")
        self._lock_contract()
        self._check_may_renew()
        self.flush_model(["state"])  # a renewal cancelled just now makes room
        lines = self.order_line.filtered(
            lambda line: line.is_recurring or line.display_type
        )
        start = self._get_renewal_start()
        # It begins with what is not billed: that may lie behind. What it has is then
        # what there is today, and it knows what changed since it began.
        day = max(start, self._get_today())
        planned = self.scheduled_change_ids.line_ids.order_line_id
        terms = {line: line._get_terms_on(day) for line in lines if line.is_recurring}
        lines = lines.filtered(
            lambda line: line.display_type
            or terms[line]["product_uom_qty"]
            or line._get_quantity_on(start)
            or line in planned
        )
        return self._create_linked_order(
            "renewal",
            lines,
            terms,
            start_date=start,
            anchor_date=self._get_renewal_anchor(),
        )

    def _check_may_renew(self):
        if not self._may_be_renewed():
            raise UserError(
                self.env._("%s does not run and cannot be renewed.", self.name)
            )
        other = self._get_open_renewal()
        if other:
            raise UserError(
                self.env._(
                    "%(order)s is being renewed by %(renewal)s already.",
                    order=self.name,
                    renewal=other.sudo().name,
                )
            )

    def _propose_renewal(self):
        """Tell the salesperson, or the customer, that a fixed term ends soon."""
        self.ensure_one()
        # sudo: kept from typing
        self.sudo().renewal_proposed_date = self._get_today()
        if self._get_open_renewal():
            return
        by_mail = self.plan_id.renewal_notice == "mail" and self.partner_id.email
        renewal = self._create_renewal() if by_mail else self.browse()
        if by_mail:
            renewal._send_order_notification_mail(
                self.env.ref("subscriptions.mail_template_renewal")
            )
            renewal.action_quotation_sent()
            return
        self.activity_schedule(
            "mail.mail_activity_data_todo",
            date_deadline=self._get_today(),
            summary=self.env._("Propose the renewal"),
            note=self.env._(
                "%(order)s ends on %(date)s.",
                order=self.name,
                date=format_date(self.env, self.end_date),
            ),
            user_id=self._get_responsible_user().id,
        )

    def _get_open_renewal(self):
        """Return the renewal that is open or made, if there is one.

        :rtype: sale.order
        """
        # sudo: whoever made it
        return (
            self.sudo()
            .child_order_ids.filtered(
                lambda order: order.subscription_kind == "renewal"
                and order.state in (*QUOTATION_STATES, "sale")
            )[:1]
            .with_env(self.env)
        )

    def _may_be_renewed(self):
        """Tell whether the contract runs, or ran to the end of its fixed term.

        Customers accept late what was sent to them before the term was over.

        :rtype: bool
        """
        self.ensure_one()
        if self._is_live_contract():
            return True
        term = self.env.ref("subscriptions.close_reason_end", False)
        return bool(
            self.subscription_state == lifecycle.CHURNED
            and term
            and self.close_reason_id == term
            and not self.close_with_credit
            and (self._get_today() - self.close_date).days <= MAX_LATE_RENEWAL_DAYS
        )

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

    def _get_renewal_start(self):
        """Return the day after what is billed: there a renewal begins.

        :rtype: date
        """
        self.ensure_one()
        return self.paid_until + ONE_DAY if self.paid_until else self.start_date

    def _has_freed_days(self):
        """Tell whether days before the last billed one are to be billed again."""
        self.ensure_one()
        return bool(
            self.next_invoice_date
            and self.paid_until
            and self.next_invoice_date <= self.paid_until
            and not self._get_cutting_switch(self.last_period_id)
        )

    def _get_renewal_anchor(self):
        """Return a day on which a period of the contract starts.

        A renewal with the same plan keeps its rhythm, also where the month it begins in
        lacks the day.

        :rtype: date
        """
        self.ensure_one()
        return self._get_timeline().get_epoch(self._get_renewal_start()).schedule.anchor

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
        if self.start_date and self.start_date < self._get_today():
            return self.env._(
                "%s is over: an upsell starts today at the earliest.",
                format_date(self.env, self.start_date),
            )
        return False

    def _get_renewal_obstacle(self):
        contract = self.parent_order_id.sudo()  # sudo: to say what is wrong with it
        if not self.is_subscription:
            return self.env._("A renewal needs a plan and a recurring product.")
        if not contract._may_be_renewed():
            return self.env._(
                "%s does not run any more and cannot be renewed.", contract.name
            )
        if contract.hold:
            return self.env._(
                "%(order)s is held: %(reason)s",
                order=contract.name,
                reason=contract.hold_reason,
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
            max(self.start_date, self._get_today()),
            source_order_id=self.id,
            user_id=self.env.uid,
            line_ids=commands,
        )

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

    # === RENEWAL === #

    def _confirm_renewal(self):
        """Let the renewal take over from its contract, which stops to bill."""
        self.ensure_one()
        # sudo: whoever confirms the renewal ends what it renews by it
        contract = self.parent_order_id.sudo()
        contract._lock_contract()
        self.env["subscription.billing"]._bill_pending(contract)
        self._take_over_changes(contract)
        for other in contract.child_order_ids.filtered(
            lambda order: order.subscription_kind == "upsell"
            and order.state in QUOTATION_STATES
        ):
            other._action_cancel()
        contract._set_renewed(self)
        self._take_over(contract)

    def _take_over_changes(self, contract):
        """Keep what was planned for days the renewal lives to see.

        A price increase that the customer was told of is not lost. What cannot be
        planned for the renewal, because the line is not on it, is taken back.
        """
        known = self.order_line.parent_line_id
        for kind in ("quantity", "price"):
            for change in contract._get_counted_changes(kind):
                if change.date <= self.start_date or not change.line_ids:
                    continue
                if change.state == "done":
                    change._copy_to(self)
                elif change.line_ids.order_line_id <= known:
                    change._move_to(self)
        contract.invalidate_recordset(["scheduled_change_ids", "change_ids"])
        contract.scheduled_change_ids._revoke(
            self.env._("renewed by %s", self.name), ending=True
        )

    def _return_changes(self):
        """Let the contract have back what was planned for it before it was renewed."""
        self.ensure_one()
        contract = self.parent_order_id
        for change in self.scheduled_change_ids:
            known = change.line_ids.order_line_id.mapped("parent_line_id")
            if (
                change.kind in ("quantity", "price")
                and len(known) == len(change.line_ids)
                and known.order_id == contract
            ):
                for one in change.line_ids:
                    one.order_line_id = one.order_line_id.parent_line_id
                change.order_id = contract

    def _set_renewed(self, renewal):
        """Let the contract be followed by another.

        :param renewal: the contract that follows
        """
        self._set_subscription_state(lifecycle.RENEWED)
        self.write({"close_date": False, "close_reason_id": False})
        self.message_post(
            body=self.env._(
                "Renewed by %(renewal)s, from %(date)s on.",
                renewal=renewal.name,
                date=format_date(self.env, renewal.start_date),
            )
        )

    def _take_over(self, contract):
        """Keep what belongs to the customer's relation: followers and documents.

        Hook for other addons.

        :param contract: the contract that is renewed
        """
        self.message_subscribe(contract.message_partner_ids.ids)
        # sudo: documents of the contract, whoever may read which
        documents = (
            self.env["ir.attachment"]
            .sudo()
            .search(
                [
                    ("res_model", "=", "sale.order"),
                    ("res_id", "=", contract.id),
                    ("res_field", "=", False),
                ]
            )
        )
        for document in documents:
            document.copy({"res_id": self.id})

    def _action_cancel(self):
        """Override of `sale`: the contract goes on whose renewal is cancelled."""
        renewals = self.filtered(
            lambda order: order.subscription_kind == "renewal"
            and order._is_live_contract()
        )
        result = super()._action_cancel()
        for renewal in renewals:
            # sudo: whoever may cancel the renewal undoes what it did
            contract = renewal.parent_order_id.sudo()
            if contract.subscription_state == lifecycle.RENEWED:
                contract._set_subscription_state(lifecycle.PROGRESS)
                contract.message_post(
                    body=self.env._(
                        "%s was cancelled: this contract goes on.", renewal.name
                    )
                )
        return result
