"""Who bills: this addon, plain Odoo, and OCA's `contract`.

Each has a database of its own, so that nobody pays for the fields of another.
"""

from dataset import FAST, chunks, get_contracts, get_products

BATCH = 100


class Contender:
    """One way to make the invoices.

    `modules` are installed on top of the common base; `prepare` makes what is due, not
    measured; `run` is measured.
    """

    name = title = None
    modules = ""

    def prepare(self, env, size):
        """Make `size` contracts that are due today."""

    def run(self, env, size, lap):
        """Make and post the invoices, with commits.

        :param lap: function to call with a name when a part of the work is done
        """
        raise NotImplementedError

    def count_due(self, env):
        """Return how many contracts are still due, to be 0 after a run."""
        return 0


class Ours(Contender):
    """The daily run, as its scheduled action calls it."""

    name = "ours"
    title = "subscriptions: the daily run"
    modules = "subscriptions"

    def prepare(self, env, size):
        get_products(env).recurring_invoice = True
        plan = env["subscription.plan"].create(
            {
                "name": "Benchmark",
                "billing_period_unit": "month",
                "billing_period_value": 1,
                "invoice_mode": "post",
            }
        )
        Order = env["sale.order"].with_context(**FAST)
        today = Order._get_today()
        tomorrow = today.fromordinal(today.toordinal() + 1)
        for chunk in chunks(get_contracts(env, size), 250):
            orders = Order.create(
                [
                    {
                        "partner_id": customer.id,
                        "plan_id": plan.id,
                        # Confirmation bills what is due, so nothing may be yet.
                        "start_date": tomorrow,
                        "order_line": [
                            (0, 0, {"product_id": product.id, "product_uom_qty": qty})
                            for product, qty in lines
                        ],
                    }
                    for customer, lines in chunk
                ]
            )
            orders.action_confirm()
            orders.write({"start_date": today})
            env.cr.commit()

    def run(self, env, size, lap):
        env["sale.order"]._cron_bill_due()

    def count_due(self, env):
        Order = env["sale.order"]
        return Order.search_count(
            [
                ("subscription_state", "=", "progress"),
                ("billing_date", "<=", Order._get_today()),
            ]
        )


class Floor(Contender):
    """What any Odoo addon has to do: create invoices in batches and post them."""

    name = "floor"
    title = "plain Odoo: create + _post"
    context = {}

    def run(self, env, size, lap):
        Move = env["account.move"].with_context(**self.context)
        for chunk in chunks(get_contracts(env, size), BATCH):
            moves = Move.create([self.prepare_invoice(*sale) for sale in chunk])
            moves._post(soft=False)
            env.cr.commit()

    @staticmethod
    def prepare_invoice(customer, lines):
        return {
            "move_type": "out_invoice",
            "partner_id": customer.id,
            "invoice_date": customer.env.cr.now().date(),
            "invoice_line_ids": [
                (
                    0,
                    0,
                    {
                        "product_id": product.id,
                        "name": product.name,
                        "quantity": quantity,
                        "price_unit": product.list_price,
                        "tax_ids": [(6, 0, product.taxes_id.ids)],
                    },
                )
                for product, quantity in lines
            ],
        }


class FloorLight(Floor):
    """The same without tracking and log messages, as our run has it."""

    name = "floor_light"
    title = "plain Odoo, without tracking"
    context = dict(FAST, mail_notrack=True, mail_auto_subscribe_no_notify=True)


class Contract(Contender):
    """OCA's addon: its cron makes drafts; posting is up to us."""

    name = "contract"
    title = "OCA contract: its cron, then _post"
    modules = "contract"

    def prepare(self, env, size):
        Model = env["contract.contract"].with_context(**FAST)
        today = env.cr.now().date()
        for chunk in chunks(get_contracts(env, size), 250):
            Model.create(
                [
                    {
                        "name": f"Contract of {customer.name}",
                        "partner_id": customer.id,
                        "date_start": today,
                        "recurring_next_date": today,
                        "recurring_rule_type": "monthly",
                        "recurring_interval": 1,
                        "recurring_invoicing_type": "pre-paid",
                        "contract_line_ids": [
                            (
                                0,
                                0,
                                {
                                    "product_id": product.id,
                                    "name": f"{product.name} #START# - #END#",
                                    "quantity": quantity,
                                    "specific_price": product.list_price,
                                    "price_unit": product.list_price,
                                    "date_start": today,
                                    "recurring_next_date": today,
                                },
                            )
                            for product, quantity in lines
                        ],
                    }
                    for customer, lines in chunk
                ]
            )
            env.cr.commit()

    def run(self, env, size, lap):
        env["contract.contract"].cron_recurring_create_invoice()
        env.cr.commit()
        lap("create")
        drafts = env["account.move"].search(
            [("move_type", "=", "out_invoice"), ("state", "=", "draft")], order="id"
        )
        for moves in chunks(drafts, BATCH):
            moves._post(soft=False)
            env.cr.commit()
        lap("post")

    def count_due(self, env):
        return env["contract.contract"].search_count(
            [("recurring_next_date", "<=", env.cr.now().date())]
        )


CONTENDERS = {kind.name: kind() for kind in (Ours, Floor, FloorLight, Contract)}
