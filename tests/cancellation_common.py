from odoo.fields import Command
from odoo.tests import HttpCase, new_test_user

from .common import SubscriptionCommon

HTML = "<b onclick='x()'>bold</b>"


class CancellationCommon(SubscriptionCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.seller = cls._create_user("seller", "sales_team.group_sale_salesman")
        cls.leader = cls._create_user(
            "leader", "sales_team.group_sale_salesman_all_leads"
        )
        cls.manager = cls._create_user("manager", "sales_team.group_sale_manager")
        cls.company.email = "office@example.com"
        cls.Cancellation = cls.env["subscription.cancellation"]
        cls.reason = cls.env.ref("subscriptions.close_reason_cancelled_online")

    @classmethod
    def _create_user(cls, login, group, **values):
        return new_test_user(
            cls.env,
            login,
            group,
            email=f"{login}@staff.example.com",
            company_id=cls.company.id,
            company_ids=[Command.set(cls.company.ids)],
            **values,
        )

    def _declare(self, contract="", sender="", **values):
        """Keep a declaration, as the page does."""
        return self.Cancellation._receive(
            {
                "name": "Ada Example",
                "email": "ada@example.com",
                "contract_number": contract,
                "kind": "ordinary",
                "cause": False,
                "wished_date": False,
                "lang": "en_US",
                "company_id": self.company.id,
                **values,
            },
            "192.0.2.1",
            sender,
        )

    def _run(self):
        """Let the scheduled action see to what came in."""
        cron = self.env.ref("subscriptions.ir_cron_process_cancellations")
        if isinstance(self, HttpCase):
            cron.method_direct_trigger()
        else:
            with self.enter_registry_test_mode():
                cron.method_direct_trigger()
        self.env.invalidate_all()

    def _cancel(self, contract, **values):
        declaration = self._declare(contract.name, **values)
        self._run()
        return declaration

    def _get_mails(self, address=None):
        mails = self.env["mail.mail"].search([])
        if not address:
            return mails
        return mails.filtered(
            lambda mail: (
                address in (mail.email_to or "")
                or address in mail.recipient_ids.mapped("email")
            )
        )
