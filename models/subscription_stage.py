from odoo import api, fields, models
from odoo.exceptions import UserError, ValidationError

from ..const import QUIET
from ..engine import lifecycle


class SubscriptionStage(models.Model):
    """Where a contract stands with its customer: a column of the kanban.

    A stage may stand for a state; contracts enter it by themselves, and nobody else
    does. All others are a person's to choose.
    """

    _name = "subscription.stage"
    _description = "Subscription Stage"
    _order = "sequence, id"
    _check_company_auto = True
    _check_company_domain = models.check_company_domain_parent_of

    name = fields.Char(required=True, translate=True)
    active = fields.Boolean(default=True)
    sequence = fields.Integer(default=10)
    fold = fields.Boolean(
        string="Folded", help="The column is shown narrow, until one opens it."
    )
    company_id = fields.Many2one(
        comodel_name="res.company",
        index="btree_not_null",
        help="Leave empty to offer the stage in all companies.",
    )
    implied_by = fields.Selection(
        selection=[
            (lifecycle.DRAFT, "Quotation"),
            (lifecycle.PROGRESS, "In Progress"),
            (lifecycle.PAUSED, "Paused"),
            (lifecycle.RENEWED, "Renewed"),
            (lifecycle.CHURNED, "Churned"),
        ],
        string="Entered With Status",
        help="A contract whose status becomes this enters the stage by itself, and "
        "nobody moves one of another status here. Empty: people move contracts here.",
    )
    mail_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Mail",
        domain=[("model", "=", "sale.order")],
        ondelete="restrict",
        help="Sent to the customer of each contract that enters the stage.",
    )
    send_rating = fields.Boolean(
        string="Ask for a Rating",
        help="Ask the customer of each contract that enters the stage how it is going.",
    )
    rating_template_id = fields.Many2one(
        comodel_name="mail.template",
        string="Rating Mail",
        domain=[("model", "=", "sale.order")],
        ondelete="restrict",
        help="Left empty, it is the usual one.",
    )
    entering_text = fields.Text(
        string="How Contracts Come Here", compute="_compute_texts"
    )
    sending_text = fields.Text(string="What Is Sent Then", compute="_compute_texts")
    contract_count = fields.Integer(
        string="Contracts", compute="_compute_contract_count"
    )

    # Of a state and a company there is one; archived ones do not count.
    _one_per_state = models.UniqueIndex(
        "(implied_by, COALESCE(company_id, 0)) WHERE implied_by IS NOT NULL AND active",
        "Another stage is entered by itself with this status already: archive it or "
        "empty it there first.",
    )

    # === COMPUTE METHODS === #

    @api.depends(
        "implied_by",
        "mail_template_id",
        "send_rating",
        "rating_template_id",
        "company_id",
    )
    def _compute_texts(self):
        states = dict(self._fields["implied_by"]._description_selection(self.env))
        for stage in self:
            if stage.implied_by == lifecycle.DRAFT:
                entering = self.env._("New quotations begin here.")
            elif stage.implied_by:
                entering = self.env._(
                    "Contracts come here by themselves when they become “%s”.",
                    states[stage.implied_by],
                )
            else:
                entering = self.env._(
                    "People move contracts here, whatever their status; a contract "
                    "leaves by itself when its status changes to one that has a stage."
                )
            stage.entering_text = entering
            stage.sending_text = " ".join(stage._get_sending_sentences())

    def _get_sending_sentences(self):
        """Return what customers get when a contract enters the stage, in words.

        :rtype: list[str]
        """
        self.ensure_one()
        sentences = self._get_what_is_sent()
        if not sentences:
            return [self.env._("Nothing is sent.")]
        sentences.append(
            self.env._(
                "Once each time a contract enters, and not for what is created or "
                "imported in the stage."
            )
        )
        return sentences

    def _get_what_is_sent(self):
        """Return a sentence for each thing the stage sends. Hook for other addons.

        :rtype: list[str]
        """
        self.ensure_one()
        sentences = []
        if self.mail_template_id:
            sentences.append(
                self.env._(
                    "The customer gets the mail “%s”.", self.mail_template_id.name
                )
            )
        if self.send_rating:
            sentences.append(self.env._("The customer is asked for a rating."))
        return sentences

    def _compute_contract_count(self):
        counts = dict(
            self.env["sale.order"]._read_group(
                [("stage_id", "in", self.ids)], ["stage_id"], ["__count"]
            )
        )
        for stage in self:
            stage.contract_count = counts.get(stage._origin, 0)

    # === CONSTRAINT METHODS === #

    @api.constrains("mail_template_id", "rating_template_id")
    def _check_templates(self):
        for stage in self:
            for template in stage.mail_template_id | stage.rating_template_id:
                # sudo: what the template is for
                if template.sudo().model != "sale.order":
                    raise ValidationError(
                        self.env._(
                            "“%s” is no mail about contracts: choose one for sales "
                            "orders.",
                            template.name,
                        )
                    )

    @api.constrains("implied_by")
    def _check_contracts_fit(self):
        for stage in self.filtered("implied_by"):
            count = stage._count_contracts(
                [("subscription_state", "!=", stage.implied_by)]
            )
            if count:
                raise ValidationError(
                    self.env._(
                        "Contracts of another status in “%(stage)s”: %(count)s. Move "
                        "them to another stage first.",
                        stage=stage.name,
                        count=count,
                    )
                )

    @api.constrains("company_id")
    def _check_contracts_of_company(self):
        for stage in self.filtered("company_id"):
            count = stage._count_contracts(
                ["!", ("company_id", "child_of", stage.company_id.ids)]
            )
            if count:
                raise ValidationError(
                    self.env._(
                        "Contracts of other companies in “%(stage)s”: %(count)s. Move "
                        "them to another stage first.",
                        stage=stage.name,
                        count=count,
                    )
                )

    @api.ondelete(at_uninstall=False)
    def _unlink_except_in_use(self):
        for stage in self:
            count = stage._count_contracts([])
            if count:
                raise UserError(
                    self.env._(
                        "Contracts in “%(stage)s”: %(count)s. Archive the stage "
                        "instead of deleting it, or move them to another one first.",
                        stage=stage.name,
                        count=count,
                    )
                )

    def _count_contracts(self, domain):
        # sudo: how many, not which; others' count too
        orders = self.env["sale.order"].sudo()
        return orders.search_count([("stage_id", "in", self.ids), *domain])

    # === CRUD METHODS === #

    @api.model_create_multi
    def create(self, vals_list):
        """Override to take in the contracts that have no stage yet.

        Such as those from before there were stages.
        """
        stages = super().create(vals_list)
        stages.filtered("implied_by")._take_in()
        return stages

    def copy_data(self, default=None):
        """Override: of each state there is one, so a copy stands for none."""
        data = super().copy_data(default)
        for stage, vals in zip(self, data, strict=True):
            vals["name"] = self.env._("%s (copy)", stage.name)
            vals["implied_by"] = False
        return data

    def _take_in(self):
        """Let the contracts without a stage enter, and tell nobody."""
        for stage in self:
            domain = [
                ("stage_id", "=", False),
                ("subscription_state", "=", stage.implied_by),
            ]
            if stage.company_id:
                domain.append(("company_id", "child_of", stage.company_id.ids))
            # sudo: whoever's they are. Nobody moved them, so it is no news either.
            orders = self.env["sale.order"].sudo().with_context(**QUIET).search(domain)
            orders.write({"stage_id": stage.id, "stage_state": stage.implied_by})

    # === ACTION METHODS === #

    def action_view_contracts(self):
        """Open the contracts in the stage."""
        self.ensure_one()
        action = self.env["ir.actions.act_window"]._for_xml_id(
            "subscriptions.sale_order_action_contracts"
        )
        action["domain"] = [("stage_id", "=", self.id)]
        action["context"] = {}
        return action

    # === BUSINESS METHODS === #

    @api.model
    def _get_implied(self, company):
        """Return which stage a company's contracts enter by themselves, by state.

        The company's own comes before that of its head office, and a shared one last.

        :param company: a res.company
        :rtype: dict[str, subscription.stage]
        """
        # sudo: whoever's act moves the contract, a customer's online say
        stages = self.sudo().search(
            [
                ("implied_by", "!=", False),
                *self._check_company_domain(company),
            ]
        )
        near_last = stages.sorted(
            lambda stage: (stage.company_id.parent_path or "").count("/")
        )
        return {stage.implied_by: stage for stage in near_last}

    def _sends_anything(self):
        """Tell whether the stage sends anything to those who enter it. Hook.

        :rtype: bool
        """
        return bool(self.mail_template_id or self.send_rating)
