from datetime import datetime

from .common import freeze_time, tagged
from .report_common import ReportCommon

NOW = "2026-03-20 08:00:00"


@tagged("post_install", "-at_install")
@freeze_time(NOW)
class TestDigest(ReportCommon):
    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.digest = cls.env["digest.digest"].create(
            {
                "name": "Our Month",
                "company_id": cls.company.id,
                "kpi_subscription_mrr": True,
                "kpi_subscription_net_new_mrr": True,
                "kpi_subscription_churned": True,
            }
        )

    def _get_values(self, start, end, user=None, digest=None):
        """Return MRR, net new MRR and churned contracts of a frame."""
        digest = (digest or self.digest).with_user(user or self.leader)
        digest = digest.with_company(self.company).with_context(
            start_datetime=datetime.fromisoformat(start),
            end_datetime=datetime.fromisoformat(end),
        )
        names = ("mrr", "net_new_mrr", "churned")
        values = [digest[f"kpi_subscription_{name}_value"] for name in names]
        digest.invalidate_model()
        return values

    def test_the_mrr_is_what_it_was_when_the_frame_ended(self):
        self.assertEqual(
            self._get_values("2026-01-01 08:00:00", "2026-02-01 08:00:00"),
            [460.0, 460.0, 0],
        )
        self.assertEqual(
            self._get_values("2026-02-01 08:00:00", "2026-03-01 08:00:00"),
            [660.0, 200.0, 0],
        )
        self.assertEqual(
            self._get_values("2026-03-01 08:00:00", "2026-04-01 08:00:00"),
            [530.0, -130.0, 1],
        )

    def test_the_day_on_which_the_frame_ends_belongs_to_the_next(self):
        self.assertEqual(
            self._get_values("2026-03-09 08:00:00", "2026-03-10 08:00:00"),
            [660.0, 0.0, 0],
        )
        self.assertEqual(
            self._get_values("2026-03-10 08:00:00", "2026-03-11 08:00:00"),
            [530.0, -130.0, 1],
        )

    def test_each_digest_tells_of_its_company(self):
        other = self.env["res.company"].create({"name": "Elsewhere"})
        frame = ("2026-01-01 08:00:00", "2026-04-01 08:00:00")
        user = self.env.user
        user.company_ids |= other
        digests = self.digest.copy({"company_id": other.id})
        self.assertEqual(self._get_values(*frame, user, digests), [0.0, 0.0, 0])
        anybodys = self.digest.copy({"company_id": False})
        self.assertEqual(self._get_values(*frame, user, anybodys), [530.0, 530.0, 1])

    def test_the_mail_compares_with_the_end_of_the_frame_before(self):
        kpis = {
            kpi["kpi_name"]: kpi
            for kpi in self.digest._compute_kpis(self.company, self.leader)
        }
        month = kpis["kpi_subscription_mrr"]["kpi_col3"]
        self.assertIn("530", month["value"])
        # 660 was the MRR a month before
        self.assertEqual(month["margin"], -19.7)
        self.assertIn("-130", kpis["kpi_subscription_net_new_mrr"]["kpi_col3"]["value"])
        self.assertEqual(kpis["kpi_subscription_churned"]["kpi_col3"]["value"], 1)
        self.assertEqual(kpis["kpi_subscription_churned"]["kpi_col1"]["value"], 0)

    def test_who_sees_only_own_contracts_reads_no_figures(self):
        self.assertEqual(self.digest._compute_kpis(self.company, self.salesperson), [])

    def test_every_figure_leads_to_its_report(self):
        actions = self.digest._compute_kpis_actions(self.company, self.leader)
        for name in ("mrr", "net_new_mrr", "churned"):
            action, _, menu = actions[f"kpi_subscription_{name}"].partition("?menu_id=")
            self.assertEqual(self.env.ref(action)._name, "ir.actions.act_window")
            self.assertTrue(self.env["ir.ui.menu"].browse(int(menu)).exists())

    def test_the_default_digest_has_the_figures(self):
        digest = self.env.ref("digest.digest_digest_default")
        self.assertTrue(digest.kpi_subscription_mrr)
