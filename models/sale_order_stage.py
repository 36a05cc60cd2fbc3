"""The contract's stage: entered by itself with a state, or chosen by a person.

What a stage sends, it sends when the transaction is about to be committed, and what
goes wrong with that undoes nothing of it.
"""

from odoo import SUPERUSER_ID, api, fields, models
from odoo.exceptions import UserError
from odoo.fields import Domain
from odoo.tools import clean_context, plaintext2html

from ..engine import lifecycle

CREATED = "subscriptions.created_in_stage"


class SaleOrder(models.Model):
    _inherit = "sale.order"

    stage_id = fields.Many2one(
        comodel_name="subscription.stage",
        string="Stage",
        compute="_compute_stage_id",
        store=True,
        readonly=False,
        copy=False,
        index="btree_not_null",
        ondelete="restrict",
        check_company=True,
        tracking=True,
        group_expand="_read_group_stage_ids",
        domain="['|', ('company_id', '=', False), "
        "('company_id', 'parent_of', company_id)]",
    )
    stage_state = fields.Char(
        compute="_compute_stage_id",
        store=True,
        copy=False,
        help="The status with which the stage was last looked for: not each "
        "computation, but a change of status moves the contract.",
    )

    # === COMPUTE METHODS === #

    @api.depends("subscription_state", "company_id")
    def _compute_stage_id(self):
        """Move contracts that enter a state to the stage it implies, if any."""
        others = self.filtered(lambda order: not order.subscription_state)
        others.stage_id = others.stage_state = False
        moving = (self - others).filtered(lambda order: order._has_to_move())
        for company, orders in moving.grouped("company_id").items():
            implied = self.env["subscription.stage"]._get_implied(company)
            for order in orders:
                state = order.subscription_state
                stage = implied.get(state)
                if stage:
                    order.stage_id = stage
                elif not order._is_stage_of_company():
                    order.stage_id = False
                order.stage_state = state

    def _has_to_move(self):
        """Tell whether the contract's stage has to be looked for."""
        self.ensure_one()
        return (
            self.subscription_state != self.stage_state
            or not self.stage_id
            or not self._is_stage_of_company()
        )

    def _is_stage_of_company(self):
        # sudo: a customer's order knows its company's stages as well
        owner = self.stage_id.sudo().company_id
        return not owner or owner in self.company_id.sudo().parent_ids

    @api.model
    def _read_group_stage_ids(self, stages, domain):
        """Return the columns of the kanban: empty ones too, where something may stand.

        Searched for what runs, an empty column of what is paused would tell a lie.
        """
        shown = stages.search(
            Domain("id", "in", stages.ids) | Domain("active", "=", True)
        )
        states = self._get_states_within(domain)
        return shown.filtered(
            lambda stage: stage in stages
            or not stage.implied_by
            or stage.implied_by in states
        )

    @api.model
    def _get_states_within(self, domain):
        """Return the states that the orders of a domain may have."""
        about_state = Domain(domain).map_conditions(
            lambda condition: (
                condition
                if condition.field_expr == "subscription_state"
                else Domain.TRUE
            )
        )
        return {
            state
            for state in lifecycle.STATES
            if self.new({"subscription_state": state}).filtered_domain(about_state)
        }

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to know the stage in which orders are created."""
        orders = super().create(vals_list)
        for order, vals in zip(orders, vals_list, strict=True):
            if vals.get("stage_id"):
                order._check_stage_fits()
                order._settle_stage()
        context = self.env.context
        if not (context.get("tracking_disable") or context.get("mail_notrack")):
            # Odoo tracks nothing in the transaction that makes a record, and an order
            # may be made and confirmed in one: a customer's renewal.
            data = self.env.cr.precommit.data.setdefault(CREATED, {})
            data.update((order.id, order.stage_id.id) for order in orders)
            self.env.cr.precommit.add(orders._enter_stages_after_creation)
        return orders

    def write(self, vals):
        """Override to refuse moves by hand to what stands for another state."""
        if "stage_id" not in vals:
            return super().write(vals)
        moved = self.filtered(lambda order: order.stage_id.id != vals["stage_id"])
        result = super().write(vals)
        for order in moved:
            order._check_stage_fits()
            order._settle_stage()
        return result

    def _settle_stage(self):
        """Note that the stage is chosen for the state the contract has."""
        if self.stage_state != self.subscription_state:
            self.sudo().stage_state = self.subscription_state  # sudo: kept from typing

    # === MOVES BY HAND === #

    def _check_stage_fits(self):
        """Check that the contract may stand where a person moved it.

        :raise UserError: in another state's stage; the state follows from what is done
            to a contract, and never from where its card lies
        """
        self.ensure_one()
        stage = self.stage_id
        if not stage:
            return
        if not self.subscription_state:
            raise UserError(
                self.env._("%s is no contract: only contracts have stages.", self.name)
            )
        if stage.implied_by and stage.implied_by != self.subscription_state:
            raise UserError(
                " ".join(
                    (self._get_state_sentence(), self._get_stage_advice(stage)),
                )
            )

    def _get_state_sentence(self):
        """Return in words what state the contract is in."""
        name = self.name
        return {
            lifecycle.DRAFT: self.env._("%s is a quotation.", name),
            lifecycle.PROGRESS: self.env._("%s is in progress.", name),
            lifecycle.PAUSED: self.env._("%s is paused.", name),
            lifecycle.RENEWED: self.env._("%s was renewed.", name),
            lifecycle.CHURNED: self.env._("%s is closed.", name),
        }[self.subscription_state]

    def _get_stage_advice(self, stage):
        """Return in words what brings the contract to another state's stage.

        :param stage: the subscription.stage
        """
        # Of states, the first is what the contract is, the second what it becomes.
        name = stage.name
        running = self._is_live_contract()
        confirm = self.env._("Confirm it, and it comes to “%s” by itself.", name)
        resume = self.env._("Resume it, and it comes to “%s” by itself.", name)
        reopen = self.env._("Reopen it, and it comes to “%s” by itself.", name)
        pause = self.env._("Pause it, and it comes to “%s” by itself.", name)
        renew = self.env._("Renew it, and it comes to “%s” by itself.", name)
        close = self.env._("Close it, and it comes to “%s” by itself.", name)
        advice = {
            (lifecycle.DRAFT, lifecycle.PROGRESS): confirm,
            (lifecycle.PAUSED, lifecycle.PROGRESS): resume,
            (lifecycle.CHURNED, lifecycle.PROGRESS): reopen,
            (lifecycle.PROGRESS, lifecycle.PAUSED): pause,
        }.get((self.subscription_state, stage.implied_by))
        if running and stage.implied_by == lifecycle.CHURNED:
            advice = close
        elif running and stage.implied_by == lifecycle.RENEWED:
            advice = renew
        states = dict(stage._fields["implied_by"]._description_selection(self.env))
        return advice or self.env._(
            "Only contracts that become “%(state)s” come to “%(stage)s”, by "
            "themselves.",
            state=states[stage.implied_by],
            stage=name,
        )

    # === WHAT IS SENT ON ENTRY === #

    def _message_track_post_template(self, changes):
        """Override of `mail` to send what the new stage sends.

        Called once per transaction and record for what really changed, at its end.
        """
        result = super()._message_track_post_template(changes)
        if changes and "stage_id" in changes:
            created = self.env.cr.precommit.data.get(CREATED, {})
            for order in self:
                if order.id not in created:
                    order._enter_stage()
        return result

    def _enter_stages_after_creation(self):
        """Send what is sent for new orders that have left the stage they began in."""
        created = self.env.cr.precommit.data.get(CREATED, {})
        begun = {id_: created.pop(id_) for id_ in self.ids if id_ in created}
        # sudo: as Odoo's own tracking
        for order in self.browse(begun).sudo().exists():
            if order.stage_id.id != begun[order.id]:
                order._enter_stage()

    def _enter_stage(self):
        """Send what the contract's stage sends to those who enter it.

        Hook for other addons: called once for each entry.
        """
        self.ensure_one()
        stage = self.stage_id
        if not stage._sends_anything():
            return
        # What is pending belongs to others: their errors are not ours to tell.
        self.env.cr.flush()
        order = self.with_env(self.env(context=clean_context(self.env.context)))
        if self.env.user.share:
            # A customer's click moved the contract; the mail is the company's.
            order = order.with_user(SUPERUSER_ID)
        order.with_company(self.company_id)._send_for_stage(stage)

    def _send_for_stage(self, stage):
        """Send what a stage sends, each by itself.

        Hook for other addons, with `subscription.stage._sends_anything`.

        :param stage: the subscription.stage that was entered
        """
        self.ensure_one()
        if stage.mail_template_id:
            self._send_or_tell(
                lambda: self._send_stage_mail(stage),
                self.env._("the mail “%s”", stage.mail_template_id.name),
            )
        if stage.send_rating:
            self._send_or_tell(
                lambda: self._send_rating_request(stage.rating_template_id or None),
                self.env._("the request for a rating"),
            )

    def _send_or_tell(self, send, what):
        """Send something, or tell a person that it was not sent.

        :param send: function that sends it
        :param str what: what it is, in words
        """
        try:
            with self.env.cr.savepoint():
                send()
        except Exception as error:  # pylint: disable=broad-exception-caught
            self.env.invalidate_all()
            self._tell_not_sent(what, error)

    def _tell_not_sent(self, what, error):
        """Say in the chatter, and to a person, what a stage could not send."""
        text = self.env._(
            "On entering “%(stage)s”, %(what)s was not sent: %(error)s",
            stage=self.stage_id.name,
            what=what,
            error=error,
        )
        self._message_log(body=text)
        # sudo: it may be another one's to do, and a customer's click
        self.sudo().activity_schedule(
            "mail.mail_activity_data_todo",
            summary=self.env._("Write to the customer by hand"),
            note=plaintext2html(text),  # templates and servers word the error
            user_id=self._get_responsible_user().id,
        )

    def _send_stage_mail(self, stage):
        """Queue the mail of a stage, in the customer's language.

        :param stage: the subscription.stage
        :raise UserError: when there is nobody to send it to
        """
        self.ensure_one()
        self._post_mail_template(stage.mail_template_id)
