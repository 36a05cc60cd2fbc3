"""What customers read about their contract: on its page, and in the list of them."""

from datetime import timedelta

from odoo import models
from odoo.fields import Domain

from ..const import CONTRACT_STATES, QUOTATION_STATES
from ..engine import lifecycle

# A fixed term is about to end when so many days are left of it.
ENDING_DAYS = 30
# Documents that the page lists before it is asked for all.
SHOWN_INVOICES = 12


class SaleOrder(models.Model):
    _inherit = "sale.order"

    # === STATE === #

    def _get_page_state(self):
        """Return the state of the contract as its customer sees it.

        Hook for other addons.

        :return: (name, label, Bootstrap's colour)
        :rtype: tuple[str, str, str]
        """
        self.ensure_one()
        state = self.subscription_state
        if state == lifecycle.CHURNED:
            return "ended", self.env._("Ended"), "secondary"
        if state == lifecycle.RENEWED:
            return "renewed", self.env._("Renewed"), "secondary"
        if state == lifecycle.PAUSED:
            return "paused", self.env._("Paused"), "warning"
        if self.hold == "payment_declined":
            return "unpaid", self.env._("Payment open"), "danger"
        if self._is_about_to_end():
            return "ending", self.env._("About to end"), "warning"
        if self.start_date > self._get_today():
            return "coming", self.env._("Not begun yet"), "info"
        if self.in_trial:
            return "trial", self.env._("Free trial"), "info"
        return "running", self.env._("Running"), "success"

    def _is_about_to_end(self):
        """Tell whether a running contract is closed from a day on, or its term is over.

        :rtype: bool
        """
        self.ensure_one()
        if not self._is_live_contract():
            return False
        limit = self._get_today() + timedelta(days=ENDING_DAYS)
        return bool(self.close_date or (self.end_date and self.end_date <= limit))

    def _get_list_filters(self):
        """Return the filters of the customer's list of contracts.

        :return: dicts with label and domain, by name
        :rtype: dict
        """
        running = Domain("subscription_state", "=", lifecycle.PROGRESS)
        live = Domain("subscription_state", "in", tuple(lifecycle.LIVE))
        ending = live & (
            Domain("close_date", "!=", False)
            | Domain("end_date", "<=", self._get_today() + timedelta(days=ENDING_DAYS))
        )
        ended = Domain("subscription_state", "in", CONTRACT_STATES) & ~live
        return {
            "all": {"label": self.env._("All"), "domain": Domain.TRUE},
            "running": {"label": self.env._("Running"), "domain": running},
            "paused": {
                "label": self.env._("Paused"),
                "domain": Domain("subscription_state", "=", lifecycle.PAUSED),
            },
            "ending": {"label": self.env._("About to end"), "domain": ending},
            "ended": {"label": self.env._("Ended"), "domain": ended},
        }

    def _get_customer_action_labels(self):
        """Return how the page of a contract offers what its customer may do.

        :return: (label, icon of Font Awesome), by action
        :rtype: dict
        """
        return {
            "change": (self.env._("Change quantities"), "fa-sliders"),
            "plan": (self.env._("Switch plan"), "fa-exchange"),
            "renew": (self.env._("Renew"), "fa-refresh"),
            "pause": (self.env._("Pause"), "fa-pause"),
            "resume": (self.env._("Resume"), "fa-play"),
            "payment_method": (self.env._("Change payment method"), "fa-credit-card"),
            "address": (self.env._("Change addresses"), "fa-map-marker"),
            "close": (self.env._("End the subscription"), "fa-times"),
            "revoke_close": (self.env._("Keep the subscription"), "fa-undo"),
        }

    # === MONEY === #

    def _get_next_invoice(self):
        """Return the next invoice of a live contract, as `preview_invoices` does.

        :return: None where nothing is billed any more, or for as long as it is paused
        :rtype: dict | None
        """
        self.ensure_one()
        if not self._is_live_contract() or not self.next_invoice_date:
            return None
        is_paused = self.subscription_state == lifecycle.PAUSED
        if is_paused and not self.resume_date:
            return None
        # What is held is billed late, and what is paused not before it is resumed.
        earliest = self.resume_date if is_paused else self._get_today()
        for invoice in self.preview_invoices(1):
            day = max(invoice["invoice_date"], earliest)
            return {**invoice, "invoice_date": day}
        return None

    def _get_next_invoice_text(self, invoice):
        """Return in words what the next invoice is for.

        :param dict invoice: as of `_get_next_invoice`
        :rtype: str
        """
        return self.env._(
            "for %(start)s to %(end)s, taxes included",
            start=self._format_day(invoice["date_from"]),
            end=self._format_day(invoice["date_to"]),
        )

    # === LINES === #

    def _get_page_lines(self):
        """Return the lines of the contract in the groups that its page has.

        :return: recurring, options (not taken yet) and once
        :rtype: dict
        """
        self.ensure_one()
        lines = self._get_lines_apart()
        options = self.env["sale.order.line"]
        if self._is_live_contract():
            options = self._get_customer_lines().filtered(
                lambda line: not line.product_uom_qty and line._is_line_optional()
            )
        return {**lines, "options": options}

    def _get_lines_by_section(self, lines):
        """Return lines with the heading that begins above each, if one does.

        :param lines: some of the contract's, in its order
        :return: (line, heading) with the line of the section, empty for none
        :rtype: list[tuple]
        """
        result, section = [], lines.browse()
        for line in lines:
            heading = line.parent_id if line.parent_id != section else lines.browse()
            section = line.parent_id
            result.append((line, heading))
        return result

    def _get_content_text(self):
        """Return in a few words what the contract is about.

        :rtype: str
        """
        self.ensure_one()
        lines = self._get_lines_apart()["recurring"]
        if not lines:
            return ""
        product = lines[0].product_id.with_context(display_default_code=False)
        title = product.display_name
        if len(lines) == 1:
            return title
        return self.env._(
            "%(product)s and %(number)s more", product=title, number=len(lines) - 1
        )

    # === DOCUMENTS === #

    def _get_page_invoices(self, limit=SHOWN_INVOICES, offset=0):
        """Return posted invoices and credit notes of the contract, newest first.

        :param int limit: how many at most, None for all
        :param int offset: how many newer ones are left out
        :return: with the right to read them
        :rtype: account.move
        """
        # sudo: the page is for whoever has its link, and shows its documents
        return (
            self.env["account.move"]
            .sudo()
            .search(
                self._get_page_invoices_domain(),
                order="invoice_date desc, id desc",
                limit=limit,
                offset=offset,
            )
        )

    def _get_all_documents_text(self, count):
        return self.env._("Show all %s documents", count)

    def _count_page_invoices(self):
        # sudo: as above
        Move = self.env["account.move"].sudo()
        return Move.search_count(self._get_page_invoices_domain())

    def _get_overdue_invoices(self):
        """Return the invoices of the contract that are late, the oldest ones.

        :return: with the right to read them
        :rtype: account.move
        """
        domain = self._get_page_invoices_domain() & Domain(
            [
                ("move_type", "=", "out_invoice"),
                ("payment_state", "in", ("not_paid", "partial")),
                ("invoice_date_due", "<", self._get_today()),
            ]
        )
        # sudo: as above
        Move = self.env["account.move"].sudo()
        return Move.search(domain, order="invoice_date_due, id", limit=SHOWN_INVOICES)

    def _get_page_invoices_domain(self):
        self.ensure_one()
        return (
            Domain("state", "=", "posted")
            & Domain("move_type", "in", ("out_invoice", "out_refund"))
            & (
                Domain("line_ids.subscription_id", "in", self.ids)
                | Domain("line_ids.sale_line_ids.order_id", "in", self.ids)
            )
        )

    def _filter_shared_open(self):
        """Return those whose open amount has an invoice of several contracts.

        It is open for each of them in full, which is told beside it.

        :rtype: sale.order
        """
        # sudo: that there are others is all that is told of them
        groups = (
            self.env["account.move.line"]
            .sudo()
            ._read_group(
                [
                    ("subscription_id", "in", self.ids),
                    ("move_id.state", "!=", "cancel"),
                    ("move_id.move_type", "=", "out_invoice"),
                    ("move_id.payment_state", "in", ("not_paid", "partial")),
                ],
                ["move_id"],
            )
        )
        moves = self.env["account.move"].sudo().union(*(move for (move,) in groups))
        _orders, shares = moves._get_page_orders()
        shared = {key for ids in shares.values() if len(ids) > 1 for key in ids}
        return self.filtered(lambda order: order.id in shared)

    def _get_linked_orders(self):
        """Return the orders that the page of a contract may name, with their role.

        Who may see each is for the page to decide.

        :return: list of (order with all rights, role)
        :rtype: list[tuple]
        """
        self.ensure_one()
        # sudo: what the visitor may not see is left out by the page
        contract = self.sudo()
        children = contract.child_order_ids.sorted("id")
        result = []
        for order in children.filtered(lambda one: one.state in QUOTATION_STATES):
            role = order.subscription_kind
            # What was not sent yet is a colleague's draft, unless the customer made it.
            if order.state == "sent" or (role == "upsell" and order.is_self_service):
                result.append((order, role))
        for order in children.filtered(lambda one: one._is_shown_as_contract()):
            result.append((order, "successor"))
        parent = contract.parent_order_id
        if parent and parent._is_shown_as_contract():
            result.append((parent, "predecessor"))
        return result
