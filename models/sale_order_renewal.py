"""Renewals: contracts that follow another, and no day twice or never."""

from odoo import fields, models
from odoo.exceptions import UserError
from odoo.tools import format_date

from ..const import MAX_LATE_RENEWAL_DAYS, QUOTATION_STATES
from ..engine import lifecycle
from ..engine.period import ONE_DAY


class SaleOrder(models.Model):
    _inherit = "sale.order"

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

    # === NEW QUOTATIONS === #

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
        """Keep what belongs to the customer's relation.

        Payment method, followers and documents. Hook for other addons.

        :param contract: the contract that is renewed
        """
        self._take_over_payment_method(contract)
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
        for renewal in renewals:
            # sudo: whoever may cancel the renewal undoes what it did
            renewal.sudo()._return_changes()
        result = super()._action_cancel()
        for renewal in renewals:
            contract = renewal.parent_order_id.sudo()  # sudo: see above
            if contract.subscription_state == lifecycle.RENEWED:
                contract._set_subscription_state(lifecycle.PROGRESS)
                contract.message_post(
                    body=self.env._(
                        "%s was cancelled: this contract goes on.", renewal.name
                    )
                )
        return result
