"""What somebody declared who wants a contract to end, without having to log in."""

from uuid import uuid4

from odoo import api, fields, models
from odoo.exceptions import AccessError, UserError
from odoo.tools import email_normalize, format_date

# Of letters and digits that nobody mistakes for each other when they are read out.
ALPHABET = "23456789ABCDEFGHJKMNPQRSTUVWXYZ"


class SubscriptionCancellation(models.Model):
    """A declaration that a contract is to end, as somebody typed it.

    Written by the public page, once and for good: it is what the customer can hold us
    to. Which contract it means, and what became of it, is found out afterwards.
    """

    _name = "subscription.cancellation"
    _description = "Cancellation"
    _inherit = ["mail.thread", "mail.activity.mixin"]
    _order = "received_at desc, id desc"
    _rec_name = "reference"
    # Salespeople have nothing to write in it, and talk about it.
    _mail_post_access = "read"

    reference = fields.Char(
        required=True,
        readonly=True,
        copy=False,
        default=lambda self: self._draw_reference(),
    )

    # As it was typed
    name = fields.Char(required=True, readonly=True)
    email = fields.Char(string="E-mail", required=True, readonly=True)
    contract_number = fields.Char(
        required=True, readonly=True, help="As it was typed; it may be no number."
    )
    kind = fields.Selection(
        selection=[("ordinary", "Ordinary"), ("extraordinary", "For Cause")],
        required=True,
        readonly=True,
        default="ordinary",
        help="For cause: the customer wants out at once, and says why.",
    )
    cause = fields.Text(readonly=True)
    wished_date = fields.Date(
        string="Wished End", readonly=True, help="Empty: as soon as possible."
    )
    received_at = fields.Datetime(
        string="Received",
        required=True,
        readonly=True,
        copy=False,
        index=True,
        default=fields.Datetime.now,
    )
    lang = fields.Char(string="Language", readonly=True)
    email_normalized = fields.Char(
        compute="_compute_email_normalized", store=True, index=True
    )

    # What becomes of it
    state = fields.Selection(
        selection=[("new", "New"), ("to_do", "To Do"), ("done", "Done")],
        string="Status",
        required=True,
        readonly=True,
        default="new",
        copy=False,
        index=True,
        tracking=True,
        help="To do: a person has to see to it. Done: the contract ends, or a person "
        "has settled it.",
    )
    order_id = fields.Many2one(
        comodel_name="sale.order",
        string="Contract",
        copy=False,
        index="btree_not_null",
        ondelete="set null",
        tracking=True,
    )
    last_day = fields.Date(
        readonly=True, copy=False, help="The day on which the contract ends."
    )
    failure = fields.Text(
        string="What Is to Do", readonly=True, copy=False, help="Why a person is asked."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        required=True,
        readonly=True,
        index=True,
        default=lambda self: self.env.company,
        help="The contract's company; where it is not known, that of the page.",
    )

    # What guards the page
    access_token = fields.Char(
        readonly=True,
        copy=False,
        default=lambda self: str(uuid4()),
        groups="base.group_system",
    )
    address_hash = fields.Char(
        readonly=True,
        copy=False,
        index=True,
        groups="base.group_system",
        help="Tells apart for an hour from where the page was used, without saying it.",
    )
    fingerprint = fields.Char(
        readonly=True,
        copy=False,
        index=True,
        groups="base.group_system",
        help="The same for declarations that say the same.",
    )

    # Whoever clicks twice, or posts at once, declares one thing. The range of a hash
    # has a type that gist indexes without an extension.
    _said_once = models.Constraint(
        """EXCLUDE USING gist (
            int8range(
                hashtextextended(fingerprint, 0), hashtextextended(fingerprint, 0), '[]'
            ) WITH =,
            tsrange(received_at, received_at + interval '10 minutes') WITH &&
        )""",
        "This was declared a moment ago.",
    )

    @api.depends("email")
    def _compute_email_normalized(self):
        for declaration in self:
            declaration.email_normalized = email_normalize(declaration.email)

    @api.model
    def _draw_reference(self):
        """Return what names a declaration: no number, that would tell how many come.

        :rtype: str
        """
        number, letters = uuid4().int, ""
        for _place in range(10):
            number, place = divmod(number, len(ALPHABET))
            letters += ALPHABET[place]
        return f"{letters[:5]}-{letters[5:]}"

    def write(self, vals):
        """Override to keep what was declared: people only say which contract it is."""
        if not self.env.su and (
            vals.keys() - {"order_id"} or set(self.mapped("state")) - {"to_do"}
        ):
            raise AccessError(
                self.env._(
                    "What was declared is kept as it was. Only its contract can be "
                    "chosen, for as long as it is to do."
                )
            )
        return super().write(vals)

    # === WHAT PEOPLE READ === #

    def _get_timezone(self):
        """Return the time zone in which the time of receipt is told."""
        # sudo: the company's time zone is a field of its contact
        return self.company_id.sudo().partner_id.tz or "UTC"

    def _format_received_at(self):
        """Return when it was received, with the second and the time zone."""
        if not self:  # a template is tried out
            return ""
        self.ensure_one()
        timezone = self._get_timezone()
        moment = fields.Datetime.context_timestamp(
            self.with_context(tz=timezone), self.received_at
        )
        # Languages may tell the time without the second.
        day = format_date(self.env, moment.date())
        return f"{day} {moment:%H:%M:%S} ({timezone})"

    def _get_declared(self):
        """Return what was declared, in the context's language.

        In full; for mails see `_get_declared_for_mail`.

        :return: list of (label, text)
        :rtype: list[tuple]
        """
        if not self:  # a template is tried out
            return []
        self.ensure_one()
        rows = [
            (self.env._("Contract"), self.contract_number),
            (self.env._("Name"), self.name),
            (self.env._("E-mail"), self.email),
            (self.env._("Kind"), self._get_kind_text()),
        ]
        if self.cause:
            rows.append((self.env._("Cause"), self.cause))
        return [
            *rows,
            (self.env._("Is to end"), self._get_wish_text()),
            (self.env._("Received"), self._format_received_at()),
            (self.env._("Reference"), self.reference),
        ]

    def _get_wish_text(self):
        if self.wished_date:
            return format_date(self.env, self.wished_date)
        return self.env._("as soon as possible")

    def _get_kind_text(self):
        if self.kind == "extraordinary":
            return self.env._("Extraordinary cancellation, for cause")
        return self.env._("Ordinary cancellation")

    # === ACTION METHODS === #

    def action_assign(self):
        """Cancel the contract that a person has chosen."""
        self.ensure_one()
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(self.env._("Sales managers say which contract it is."))
        if not self.order_id:
            raise UserError(self.env._("Choose the contract first."))
        self._process_by_hand(self.order_id)

    def action_retry(self):
        """Look for the contract again, and cancel it."""
        self.ensure_one()
        # sudo: off again, for the user's own right is asked below
        order = self.order_id or self.sudo()._find_contract().sudo(False)
        if not order:
            raise UserError(self.sudo()._get_mismatch_text())
        self._process_by_hand(order)

    def _process_by_hand(self, order):
        if self.state != "to_do":
            raise UserError(self.env._("%s is not to do any more.", self.reference))
        order.check_access("write")
        # sudo: declarations are kept from typing
        self.sudo()._apply_to(order.sudo(), by_hand=True)

    def action_settle(self):
        """Note that a person has seen to it, and there is nothing left to do."""
        if not self.env.user.has_group("sales_team.group_sale_manager"):
            raise AccessError(self.env._("Sales managers settle cancellations."))
        # sudo: declarations are kept from typing
        self.filtered(lambda one: one.state == "to_do").sudo()._set_done()

    def action_view_order(self):
        """Open the contract."""
        self.ensure_one()
        return self.order_id._get_form_action()
